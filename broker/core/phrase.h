/* broker/core/phrase.h - short words for people, put together without stdio; what does not fit is cut.
 * Core only. Thread: one. */
#ifndef VDR_CORE_PHRASE_H
#define VDR_CORE_PHRASE_H

#include "proto/types.h"

typedef struct vdr_phrase {
    char text[256]; /* terminated */
    size_t len;
} vdr_phrase;

void vdr_phrase_begin(vdr_phrase *phrase, const char *words);
void vdr_phrase_words(vdr_phrase *phrase, const char *words);
void vdr_phrase_text(vdr_phrase *phrase, vdr_span text);
void vdr_phrase_number(vdr_phrase *phrase, uint64_t number);

#endif
