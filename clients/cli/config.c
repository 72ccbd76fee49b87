#include "clients/cli/config.h"

#include <stdio.h>
#include <stdlib.h>

static void
show_faults(const vdr_config_faults *faults)
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
vdr_cli_config(const char *dir, vdr_config **ret_config)
{
    vdr_arena arena;
    vdr_config_texts texts;
    vdr_config_faults faults;
    char words[256];

    vdr_arena_init(&arena, (size_t)16 * 1024 * 1024);
    vdr_config_faults_init(&faults);
    vdr_err err = vdr_config_texts_load(dir, &arena, &texts, words);
    if (err != VDR_OK) {
        fprintf(stderr, "%s\n", words);
    } else {
        err = vdr_config_read(&texts, &faults, ret_config);
        show_faults(&faults);
    }
    vdr_config_faults_done(&faults);
    vdr_arena_done(&arena);
    return err;
}
