#include "broker/study/sheet.h"

#include "broker/study/page.h"

#define WIDTH 78u

/* Text in lines of at most WIDTH characters; those after the first begin with `indent` blanks. */
static void
put_wrapped(vdr_bytes *page, vdr_span text, size_t column, size_t indent)
{
    for (size_t at = 0; at < text.len;) {
        size_t end = at, width = 0;
        while (end < text.len && text.at[end] != ' ')
            width += (text.at[end++] & 0xc0) != 0x80;
        if (column > indent && column + 1 + width > WIDTH) {
            vdr_page_put(page, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            vdr_page_put(page, " ");
            column++;
        }
        vdr_page_put(page, "%.*s", (int)(end - at), (const char *)text.at + at);
        column += width;
        at = end + 1;
    }
    vdr_page_put(page, "\n");
}

static void
put_html(vdr_bytes *page, vdr_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (c == '<' || c == '>' || c == '&' || c == '"')
            vdr_page_put(page, c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : "&quot;");
        else
            vdr_bytes_add(page, vdr_span_of(&c, 1));
    }
}

/* Backslashes before what Markdown reads; a name with a low line between letters is none of that. */
static void
put_markdown(vdr_bytes *page, vdr_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (memchr("\\`*_[]<>#|", c, 10) != NULL)
            vdr_page_put(page, "\\");
        vdr_bytes_add(page, vdr_span_of(&c, 1));
    }
}

static void
end_list(vdr_sheet *sheet)
{
    if (sheet->listing && sheet->form == VDR_PAGE_HTML)
        vdr_page_put(sheet->page, "</ul>\n");
    sheet->listing = false;
}

void
vdr_sheet_begin(vdr_sheet *sheet, vdr_form_of_page form, const char *language, const char *title,
                vdr_bytes *page)
{
    *sheet = (vdr_sheet){.page = page, .form = form};
    if (form != VDR_PAGE_HTML)
        return;
    vdr_page_put(page,
                 "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
                 language);
    put_html(page, vdr_span_str(title));
    vdr_page_put(page, "</title>\n</head>\n<body>\n<main>\n");
}

void
vdr_sheet_end(vdr_sheet *sheet)
{
    end_list(sheet);
    if (sheet->form == VDR_PAGE_HTML)
        vdr_page_put(sheet->page, "</main>\n</body>\n</html>\n");
}

void
vdr_sheet_heading(vdr_sheet *sheet, unsigned level, vdr_span text)
{
    vdr_bytes *page = sheet->page;
    end_list(sheet);
    if (sheet->form == VDR_PAGE_HTML) {
        vdr_page_put(page, "<h%u>", level);
        put_html(page, text);
        vdr_page_put(page, "</h%u>\n", level);
        return;
    }
    if (page->len != 0)
        vdr_page_put(page, "\n");
    if (sheet->form == VDR_PAGE_MARKDOWN) {
        vdr_page_put(page, "%.*s ", (int)level, "###");
        put_markdown(page, text);
        vdr_page_put(page, "\n");
        return;
    }
    put_wrapped(page, text, 0, 0);
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++)
        width += (text.at[i] & 0xc0) != 0x80;
    for (size_t i = 0; level < 3 && i < width && i < WIDTH; i++)
        vdr_page_put(page, level == 1 ? "=" : "-");
    if (level < 3)
        vdr_page_put(page, "\n");
}

void
vdr_sheet_paragraph(vdr_sheet *sheet, vdr_span text)
{
    vdr_bytes *page = sheet->page;
    end_list(sheet);
    if (sheet->form == VDR_PAGE_HTML) {
        vdr_page_put(page, "<p>");
        put_html(page, text);
        vdr_page_put(page, "</p>\n");
        return;
    }
    vdr_page_put(page, "\n");
    if (sheet->form == VDR_PAGE_MARKDOWN) {
        put_markdown(page, text);
        vdr_page_put(page, "\n");
    } else {
        put_wrapped(page, text, 0, 0);
    }
}

void
vdr_sheet_item(vdr_sheet *sheet, vdr_span text)
{
    vdr_bytes *page = sheet->page;
    if (sheet->form == VDR_PAGE_HTML) {
        vdr_page_put(page, sheet->listing ? "<li>" : "<ul>\n<li>");
        put_html(page, text);
        vdr_page_put(page, "</li>\n");
    } else {
        vdr_page_put(page, sheet->listing ? "- " : "\n- ");
        if (sheet->form == VDR_PAGE_MARKDOWN) {
            put_markdown(page, text);
            vdr_page_put(page, "\n");
        } else {
            put_wrapped(page, text, 2, 2);
        }
    }
    sheet->listing = true;
}
