/* Flips single bits of a store's files and looks what `voordeur verify` would say: flipper STORE. For flip_test.py,
 * which tries many thousands. Nobody runs on the store.
 *
 * A line of input: FILE OFFSET BIT. The bit is flipped, the store is verified, the bit is flipped back. The answer, a
 * line with tabs: the code of the result; the first bad part; its file; what to do; the texts of all parts. */
#include "broker/trust/verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 8192

typedef struct answer {
    char part[32], file[64], next[512];
    char texts[8 * VDR_VERIFY_TEXT];
    size_t len;
} answer;

static void
take(void *context, const vdr_verify_part *part)
{
    answer *a = context;
    if (part->result == VDR_VERIFY_BAD && a->part[0] == '\0') {
        (void)snprintf(a->part, sizeof a->part, "%s", part->part);
        (void)snprintf(a->file, sizeof a->file, "%s", part->file);
        (void)snprintf(a->next, sizeof a->next, "%s", part->next != NULL ? part->next : "");
    }
    int len = snprintf(a->texts + a->len, sizeof a->texts - a->len, "%s: %s; ", part->part, part->text);
    if (len > 0 && a->len + (size_t)len < sizeof a->texts)
        a->len += (size_t)len;
}

static bool
flip(const char *store, const char *file, long offset, unsigned bit)
{
    char path[4096];
    unsigned char byte = 0;
    (void)snprintf(path, sizeof path, "%s/%s", store, file);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool good = fd >= 0 && pread(fd, &byte, 1, offset) == 1;
    byte = (unsigned char)(byte ^ 1u << bit);
    good = good && pwrite(fd, &byte, 1, offset) == 1;
    if (fd >= 0)
        (void)close(fd);
    return good;
}

int
main(int argc, char **argv)
{
    char line[LINE_BYTES], file[64];
    long offset;
    unsigned bit;
    if (argc != 2)
        return 2;
    while (fgets(line, sizeof line, stdin) != NULL) {
        static answer a;
        a = (answer){0};
        vdr_verify_ask ask = {.store_dir = argv[1], .tell = take, .context = &a};
        if (sscanf(line, "%63s %ld %u", file, &offset, &bit) != 3 || bit > 7 ||
            !flip(argv[1], file, offset, bit)) {
            fprintf(stderr, "flipper: %s", line);
            return 1;
        }
        vdr_err err = vdr_verify_store(&ask);
        if (!flip(argv[1], file, offset, bit))
            return 1;
        printf("%s\t%s\t%s\t%s\t%s\n", vdr_err_code(err), a.part, a.file, a.next, a.texts);
        (void)fflush(stdout);
    }
    return 0;
}
