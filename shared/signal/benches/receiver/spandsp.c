/* spandsp's DTMF receiver on the trials of the benchmark. Its argument: dial-tone, and its filter against that is on;
   time, and it is timed.
   Input: per trial a 32-bit length and as many 16-bit samples, in the machine's order.
   Output: per trial a line of digit@sample, or of nanoseconds a sample. */
#include <inttypes.h>
#include <spandsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Reports are dated to the millisecond. */
enum { STEP = 8, FRAME = 160, PASSES = 7 };

static void hear(const int16_t *pcm, uint32_t length, int dial_tone)
{
    dtmf_rx_state_t *rx = dtmf_rx_init(NULL, NULL, NULL);
    if (dial_tone)
        dtmf_rx_parms(rx, 1, -1, -1, -99);
    for (uint32_t at = 0; at < length; at += STEP) {
        char digits[16];
        uint32_t step = length - at < STEP ? length - at : STEP;
        dtmf_rx(rx, pcm + at, (int) step);
        size_t count = dtmf_rx_get(rx, digits, sizeof digits - 1);
        for (size_t n = 0; n < count; n++)
            printf("%c@%" PRIu32 " ", digits[n], at + step);
    }
    dtmf_rx_free(rx);
    puts("");
}

static double pass(const int16_t *pcm, uint32_t length)
{
    struct timespec from, to;
    char digits[128];
    dtmf_rx_state_t *rx = dtmf_rx_init(NULL, NULL, NULL);
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (uint32_t at = 0; at + FRAME <= length; at += FRAME) {
        dtmf_rx(rx, pcm + at, FRAME);
        dtmf_rx_get(rx, digits, sizeof digits - 1);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    dtmf_rx_free(rx);
    return ((double) (to.tv_sec - from.tv_sec) * 1e9 + (double) (to.tv_nsec - from.tv_nsec)) / length;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    uint32_t length;
    while (fread(&length, sizeof length, 1, stdin) == 1) {
        int16_t *pcm = malloc((length + 1) * sizeof *pcm);
        if (pcm == NULL || fread(pcm, sizeof *pcm, length, stdin) != length)
            return 1;
        if (strcmp(mode, "time") == 0) {
            double least = pass(pcm, length);
            for (int n = 1; n < PASSES; n++) {
                double again = pass(pcm, length);
                least = again < least ? again : least;
            }
            printf("%f\n", least);
        } else {
            hear(pcm, length, strcmp(mode, "dial-tone") == 0);
        }
        free(pcm);
    }
    return 0;
}
