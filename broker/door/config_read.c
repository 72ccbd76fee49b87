#include "broker/door/config_read.h"

#include "broker/door/reader.h"
#include "proto/limits.h"
#include "proto/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of VDR_CONF_BYTES_MAX that is nothing but the shortest list items stays below this. */
#define TREE_BYTES_MAX   ((size_t)256 * 1024 * 1024)
#define CONFIG_BYTES_MAX ((size_t)64 * 1024 * 1024)

static const char *const file_names[VDR_CONFIG_FILES] = {"town.yaml", "catalogue.yaml", "rules.yaml"};

typedef struct holder {
    vdr_config config; /* first: a config is its holder */
    vdr_arena arena;
} holder;

/* ---- files to texts */

vdr_err
vdr_config_text_load(const char *path, vdr_arena *arena, vdr_span *ret_text, char *ret_words)
{
    enum { WORDS = 256 };
    struct stat st;
    vdr_err err = VDR_E_IO;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        vdr_utf8_words(ret_words, WORDS, "%.180s: %s", path, strerror(errno));
        return errno == ENOENT || errno == ENOTDIR ? VDR_E_NOT_FOUND : VDR_E_IO;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        vdr_utf8_words(ret_words, WORDS, "%.180s: not a regular file", path);
        goto done;
    }
    if (st.st_size > (off_t)VDR_CONF_BYTES_MAX) {
        vdr_utf8_words(ret_words, WORDS, "%.180s: longer than %u bytes", path, VDR_CONF_BYTES_MAX);
        err = VDR_E_BAD_CONFIG;
        goto done;
    }
    uint8_t *at = vdr_arena_alloc(arena, (size_t)st.st_size + 1);
    size_t used = 0;
    while (at != NULL && used < (size_t)st.st_size) {
        ssize_t got = read(fd, at + used, (size_t)st.st_size - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            vdr_utf8_words(ret_words, WORDS, "%.180s: %s", path, strerror(errno));
            goto done;
        }
        if (got == 0)
            break; /* it was cut meanwhile: what there is, is read */
        used += (size_t)got;
    }
    if (at == NULL) {
        vdr_utf8_words(ret_words, WORDS, "%.180s: no memory for it", path);
        err = VDR_E_NO_MEMORY;
        goto done;
    }
    *ret_text = vdr_span_of(at, used);
    err = VDR_OK;
done:
    close(fd);
    return err;
}

vdr_err
vdr_config_texts_load(const char *dir, vdr_arena *arena, vdr_config_texts *ret_texts, char *ret_words)
{
    vdr_config_texts texts;
    size_t dir_len = strlen(dir);

    while (dir_len > 1 && dir[dir_len - 1] == '/')
        dir_len--;
    for (unsigned i = 0; i < VDR_CONFIG_FILES; i++) {
        size_t len = dir_len + 1 + strlen(file_names[i]);
        char *path = vdr_arena_alloc(arena, len + 1);
        if (path == NULL) {
            vdr_utf8_words(ret_words, 256, "%s: no memory for it", file_names[i]);
            return VDR_E_NO_MEMORY;
        }
        snprintf(path, len + 1, "%.*s/%s", (int)dir_len, dir, file_names[i]);
        texts.name[i] = vdr_span_of(path, len);
        vdr_err err = vdr_config_text_load(path, arena, &texts.text[i], ret_words);
        if (err != VDR_OK)
            return err;
    }
    *ret_texts = texts;
    return VDR_OK;
}

/* ---- texts to a configuration */

static void
yaml_fault(void *context, vdr_place place, const char *message)
{
    vdr_reader_fault(context, place, "%s", message);
}

static void
read_file(vdr_reader *reader, vdr_arena *tree, vdr_config_file file,
          void (*read)(vdr_reader *reader, const vdr_yaml *root))
{
    vdr_span text = reader->texts->text[file];

    reader->file = file;
    if (text.len > VDR_CONF_BYTES_MAX) {
        vdr_reader_fault(reader, (vdr_place){1, 1}, "longer than %u bytes", VDR_CONF_BYTES_MAX);
        return;
    }
    vdr_yaml *root = vdr_yaml_read(text, tree, (vdr_yaml_listener){yaml_fault, reader});
    if (root != NULL)
        read(reader, root);
}

static vdr_key16
texts_fingerprint(const vdr_config_texts *texts)
{
    crypto_generichash_state hash;
    vdr_key16 print;

    crypto_generichash_init(&hash, NULL, 0, sizeof print.bytes);
    for (unsigned i = 0; i < VDR_CONFIG_FILES; i++) {
        uint8_t len[8];
        for (size_t j = 0; j < sizeof len; j++)
            len[j] = (uint8_t)((uint64_t)texts->text[i].len >> (8 * j));
        crypto_generichash_update(&hash, len, sizeof len);
        if (texts->text[i].len != 0)
            crypto_generichash_update(&hash, texts->text[i].at, texts->text[i].len);
    }
    crypto_generichash_final(&hash, print.bytes, sizeof print.bytes);
    return print;
}

vdr_err
vdr_config_read(const vdr_config_texts *texts, vdr_config_faults *faults, vdr_config **ret_config)
{
    holder *made = vdr_alloc(1, sizeof *made);
    vdr_config *config = &made->config;
    vdr_reader reader = {.texts = texts, .faults = faults, .arena = &made->arena, .config = config};

    vdr_arena trees; /* of all three: a later file's names are looked up among an earlier one's */

    vdr_arena_init(&made->arena, CONFIG_BYTES_MAX);
    vdr_arena_init(&trees, TREE_BYTES_MAX);
    read_file(&reader, &trees, VDR_CONFIG_CATALOGUE, vdr_reader_catalogue);
    read_file(&reader, &trees, VDR_CONFIG_TOWN, vdr_reader_town);
    read_file(&reader, &trees, VDR_CONFIG_RULES, vdr_reader_rules);
    if (made->arena.overflow)
        vdr_reader_fault(&reader, (vdr_place){1, 1}, "the three files are too much for one configuration");
    vdr_nameset_done(&reader.domains);
    vdr_nameset_done(&reader.types);
    vdr_nameset_done(&reader.purposes);
    vdr_nameset_done(&reader.kinds);
    vdr_arena_done(&trees);
    config->fingerprint = texts_fingerprint(texts);
    if (faults->count != 0) {
        vdr_config_free(&config);
        return VDR_E_BAD_CONFIG;
    }
    *ret_config = config;
    return VDR_OK;
}

void
vdr_config_free(vdr_config **config_p)
{
    holder *made = (holder *)*config_p;
    if (made == NULL)
        return;
    vdr_arena_done(&made->arena);
    free(made);
    *config_p = NULL;
}
