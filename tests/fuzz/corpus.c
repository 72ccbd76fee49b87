/* Puts a law to every file of a folder, and to each of them cut short in some places: what fuzzing once found stays
 * found. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)1024 * 1024)

static size_t
read_file(const char *folder, const char *name, uint8_t *at)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    size_t len = fread(at, 1, FILE_BYTES_MAX, file);
    fclose(file);
    return len;
}

int
main(int argc, char **argv)
{
    DIR *folder = argc == 2 || argc == 3 ? opendir(argv[1]) : NULL;
    size_t cuts = argc == 3 ? (size_t)strtoul(argv[2], NULL, 10) : 256;
    if (folder == NULL || cuts == 0) {
        fprintf(stderr, "usage: %s CORPUS [CUTS]\n", argv[0]);
        return 2;
    }
    uint8_t *bytes = malloc(FILE_BYTES_MAX);
    size_t files = 0;
    for (const struct dirent *entry; bytes != NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        size_t len = read_file(argv[1], entry->d_name, bytes);
        for (size_t cut = 0; cut <= len; cut += 1 + len / cuts) {
            uint8_t *exact = malloc(cut != 0 ? cut : 1); /* so that a sanitizer sees a read beyond */
            if (exact == NULL)
                return 1;
            memcpy(exact, bytes, cut);
            (void)LLVMFuzzerTestOneInput(exact, cut);
            free(exact);
        }
        (void)LLVMFuzzerTestOneInput(bytes, len);
        files++;
    }
    free(bytes);
    closedir(folder);
    printf("%zu files\n", files);
    return files != 0 ? 0 : 1;
}
