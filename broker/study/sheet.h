/* broker/study/sheet.h - a page for people in one of three forms: text of 78 columns, Markdown, HTML.
 *
 * What is put in is plain text; what would mean something to the form is escaped. The same calls give the same
 * bytes. Thread: one at a time. Memory: the page is the caller's. */
#ifndef VDR_STUDY_SHEET_H
#define VDR_STUDY_SHEET_H

#include "proto/bytes.h"

typedef enum vdr_form_of_page { VDR_PAGE_TEXT, VDR_PAGE_MARKDOWN, VDR_PAGE_HTML } vdr_form_of_page;

typedef struct vdr_sheet {
    vdr_bytes *page;
    vdr_form_of_page form;
    bool listing; /* the last thing was an item of a list */
} vdr_sheet;

/* language: "nl" or "en", for HTML. */
void vdr_sheet_begin(vdr_sheet *sheet, vdr_form_of_page form, const char *language, const char *title,
                     vdr_bytes *page);
void vdr_sheet_end(vdr_sheet *sheet);
/* level 1 to 3 */
void vdr_sheet_heading(vdr_sheet *sheet, unsigned level, vdr_span text);
void vdr_sheet_paragraph(vdr_sheet *sheet, vdr_span text);
void vdr_sheet_item(vdr_sheet *sheet, vdr_span text);

#endif
