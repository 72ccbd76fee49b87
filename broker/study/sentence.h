/* broker/study/sentence.h - the rules of a town in plain Dutch or English, for publication.
 *
 * Written for everybody (language level B1): short sentences, no names of the format. Everything that decides is
 * said: what a rule counts, for how long, for which purposes, what then happens, and who may say what. Names that
 * are known have words in both languages; others are shown as they are, with blanks for low lines.
 *
 * Thread: any; pure. The same configuration gives the same bytes. */
#ifndef VDR_STUDY_SENTENCE_H
#define VDR_STUDY_SENTENCE_H

#include "broker/core/config.h"
#include "broker/study/sheet.h"

typedef enum vdr_language { VDR_DUTCH = 0, VDR_ENGLISH = 1 } vdr_language;

/* Appends the whole page. */
void vdr_sentences(const vdr_config *config, vdr_language language, vdr_form_of_page form, vdr_bytes *page);

/* Appends one rule of it, as on the page. False: there is no such rule, and nothing is appended. */
bool vdr_sentences_of_rule(const vdr_config *config, vdr_span rule, vdr_language language,
                           vdr_form_of_page form, vdr_bytes *page);

/* A name in words: "mental_health" is "psychische gezondheid". */
vdr_span vdr_word_of(vdr_span name, vdr_language language);

#endif
