/* spandsp's DTMF receiver on the trials of the benchmark.
   Input: per trial a 32-bit length and as many 16-bit samples, in the machine's order.
   Output: per trial a line of digit@sample, then nanoseconds per sample for the last trial. */
#include <inttypes.h>
#include <spandsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Reports are dated to the millisecond. */
enum { STEP = 8, FRAME = 160 };

/* With any argument: its filter against dial tone is on. */
int main(int argc, char **argv)
{
    (void) argv;
    uint32_t length;
    double ns_per_sample = 0.0;
    while (fread(&length, sizeof length, 1, stdin) == 1) {
        int16_t *pcm = malloc((length + 1) * sizeof *pcm);
        if (pcm == NULL || fread(pcm, sizeof *pcm, length, stdin) != length)
            return 1;
        dtmf_rx_state_t *rx = dtmf_rx_init(NULL, NULL, NULL);
        if (argc > 1)
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
        if (length >= 100000) {
            struct timespec from, to;
            char digits[128];
            rx = dtmf_rx_init(NULL, NULL, NULL);
            clock_gettime(CLOCK_MONOTONIC, &from);
            for (uint32_t at = 0; at + FRAME <= length; at += FRAME) {
                dtmf_rx(rx, pcm + at, FRAME);
                dtmf_rx_get(rx, digits, sizeof digits - 1);
            }
            clock_gettime(CLOCK_MONOTONIC, &to);
            ns_per_sample = ((double) (to.tv_sec - from.tv_sec) * 1e9 + (double) (to.tv_nsec - from.tv_nsec)) / length;
            dtmf_rx_free(rx);
        }
        free(pcm);
    }
    printf("%f\n", ns_per_sample);
    return 0;
}
