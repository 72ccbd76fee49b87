/* tests/bench/bench_config.h - the configuration in a folder, for a program of measurement: it ends where that
 * cannot be read. Memory: the caller frees it with vdr_config_free. */
#ifndef TESTS_BENCH_CONFIG_H
#define TESTS_BENCH_CONFIG_H

#include "broker/door/config_read.h"

#include <stdio.h>
#include <stdlib.h>

static inline vdr_config *
bench_config_load(const char *dir)
{
    vdr_arena arena;
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_config *config = NULL;
    char words[1024];
    vdr_arena_init(&arena, 16u << 20);
    vdr_config_faults_init(&faults);
    if (vdr_config_texts_load(dir, &arena, &texts, words) != VDR_OK ||
        vdr_config_read(&texts, &faults, &config) != VDR_OK) {
        (void)fprintf(stderr, "bench: no configuration in %s\n", dir);
        exit(2);
    }
    vdr_config_faults_done(&faults);
    vdr_arena_done(&arena);
    return config;
}

#endif
