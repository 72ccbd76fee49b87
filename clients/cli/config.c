#include "clients/cli/config.h"

#include <stdio.h>
#include <stdlib.h>

void
vdr_cli_faults(const vdr_config_faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        size_t len = vdr_config_fault_text(&faults->at[i], NULL, 0);
        char *text = vdr_alloc(1, len + 1);
        vdr_config_fault_text(&faults->at[i], text, len + 1);
        fputs(text, stderr);
        free(text);
    }
    if (faults->more != 0)
        fprintf(stderr, "and %zu more\n", faults->more);
}

vdr_err
vdr_cli_config_texts(const char *dir, vdr_arena *arena, vdr_config_texts *ret_texts, vdr_config **ret_config)
{
    vdr_config_faults faults;
    char words[256];

    vdr_config_faults_init(&faults);
    vdr_err err = vdr_config_texts_load(dir, arena, ret_texts, words);
    if (err != VDR_OK) {
        fprintf(stderr, "%s\n", words);
    } else {
        err = vdr_config_read(ret_texts, &faults, ret_config);
        vdr_cli_faults(&faults);
    }
    vdr_config_faults_done(&faults);
    return err;
}

vdr_err
vdr_cli_config(const char *dir, vdr_config **ret_config)
{
    vdr_arena arena;
    vdr_config_texts texts;

    vdr_arena_init(&arena, VDR_CLI_TEXTS_BYTES);
    vdr_err err = vdr_cli_config_texts(dir, &arena, &texts, ret_config);
    vdr_arena_done(&arena);
    return err;
}
