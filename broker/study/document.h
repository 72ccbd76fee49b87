/* broker/study/document.h - a page for people in one of three forms: text of 78 columns, Markdown, HTML.
 *
 * What is put in is plain text; what would mean something to the form is escaped. The same calls give the same
 * bytes. Thread: one at a time. Memory: the page is the caller's. */
#ifndef VDR_STUDY_DOCUMENT_H
#define VDR_STUDY_DOCUMENT_H

#include "proto/bytes.h"

typedef enum vdr_form_of_page { VDR_PAGE_TEXT, VDR_PAGE_MARKDOWN, VDR_PAGE_HTML } vdr_form_of_page;

typedef struct vdr_document {
    vdr_bytes *page;
    vdr_form_of_page form;
    bool listing; /* the last thing was an item of a list */
} vdr_document;

/* language: "nl" or "en", for HTML. */
void vdr_document_begin(vdr_document *document, vdr_form_of_page form, const char *language,
                        const char *title, vdr_bytes *page);
void vdr_document_end(vdr_document *document);
/* level 1 to 3 */
void vdr_document_heading(vdr_document *document, unsigned level, vdr_span text);
void vdr_document_paragraph(vdr_document *document, vdr_span text);
void vdr_document_item(vdr_document *document, vdr_span text);

#endif
