/* G.729 annex A there and back, of whose frames three in a hundred are lost and concealed.
   Arguments: a WAV file of 16 bits at 8 kHz with a head of 44 bytes, and the one to write. */
#include <bcg729/decoder.h>
#include <bcg729/encoder.h>
#include <stdint.h>
#include <stdio.h>

enum { SAMPLES = 80, HEAD = 44, LOST_PER_CENT = 3 };

int main(int argc, char **argv)
{
    FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL;
    FILE *out = argc == 3 ? fopen(argv[2], "wb") : NULL;
    uint8_t head[HEAD], bits[10], length;
    int16_t pcm[SAMPLES];
    uint32_t random = 1;
    if (in == NULL || out == NULL || fread(head, 1, HEAD, in) != HEAD || fwrite(head, 1, HEAD, out) != HEAD)
        return 1;
    bcg729EncoderChannelContextStruct *encoder = initBcg729EncoderChannel(0);
    bcg729DecoderChannelContextStruct *decoder = initBcg729DecoderChannel();
    size_t count;
    while ((count = fread(pcm, sizeof *pcm, SAMPLES, in)) > 0) {
        for (size_t n = count; n < SAMPLES; n++)
            pcm[n] = 0;
        bcg729Encoder(encoder, pcm, bits, &length);
        random = random * 1664525u + 1013904223u;
        int lost = (random >> 16) % 100 < LOST_PER_CENT;
        bcg729Decoder(decoder, bits, length, (uint8_t) lost, 0, 0, pcm);
        if (fwrite(pcm, sizeof *pcm, count, out) != count)
            return 1;
    }
    closeBcg729EncoderChannel(encoder);
    closeBcg729DecoderChannel(decoder);
    return fclose(out) == 0 ? 0 : 1;
}
