/* broker/study/play.h - plays a rule test: the door reads made-up events, the core decides, as in production.
 *
 * Thread: one at a time. Memory: results live in the arena given. Nothing of one test is left for the next. */
#ifndef VDR_STUDY_PLAY_H
#define VDR_STUDY_PLAY_H

#include "broker/study/coverage.h"
#include "broker/study/script.h"

#define VDR_PLAY_FAILURES_MAX 64u /* of one test that are kept */

typedef struct vdr_play_failure {
    vdr_place place; /* of what was expected, or of the step */
    vdr_ms at;       /* of the step */
    int64_t since_begin_ms;
    vdr_span words; /* lines: "- expected", "+ got", "  and why"; the last without a line end */
} vdr_play_failure;

typedef struct vdr_play {
    vdr_play_failure at[VDR_PLAY_FAILURES_MAX];
    size_t count; /* 0: passed */
    size_t more;
    size_t checked; /* things that were expected */
} vdr_play;

/* The script was checked against the configuration. coverage: of the same configuration. */
void vdr_play_test(const vdr_script *script, const vdr_script_test *test, const vdr_config *config,
                   vdr_coverage *coverage, vdr_arena *arena, vdr_play *ret_play);

#endif
