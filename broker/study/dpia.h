/* broker/study/dpia.h - the data protection impact assessment of a configuration, in Dutch, as Markdown.
 *
 * What the configuration knows is filled in: signals with purpose, basis, senders, receivers and terms; who takes part
 * and what each sees; which purposes may meet; the rules, as sentences. What only the municipality knows is asked in
 * so many words. The same configuration gives the same bytes: a page that is kept beside it can be checked.
 *
 * Thread: any; pure. */
#ifndef VDR_STUDY_DPIA_H
#define VDR_STUDY_DPIA_H

#include "broker/core/config.h"
#include "proto/bytes.h"

/* Appends the whole page. */
void vdr_dpia(const vdr_config *config, vdr_bytes *page);

#endif
