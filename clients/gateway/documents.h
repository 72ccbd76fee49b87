/* clients/gateway/documents.h - what is served as it is: made at build by documents/make. */
#ifndef VDR_GATEWAY_DOCUMENTS_H
#define VDR_GATEWAY_DOCUMENTS_H

#include <stddef.h>

extern const unsigned char vdr_document_openapi[]; /* openapi.json, byte for byte */
extern const size_t vdr_document_openapi_bytes;
extern const unsigned char vdr_document_page[]; /* HTML */
extern const size_t vdr_document_page_bytes;
extern const unsigned char vdr_document_style[]; /* CSS, of that page and those of problems */
extern const size_t vdr_document_style_bytes;

#endif
