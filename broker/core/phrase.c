#include "broker/core/phrase.h"

void
vdr_phrase_text(vdr_phrase *phrase, vdr_span text)
{
    size_t room = sizeof phrase->text - 1 - phrase->len;
    size_t len = text.len < room ? text.len : room;
    if (len != 0)
        memcpy(phrase->text + phrase->len, text.at, len);
    phrase->len += len;
    phrase->text[phrase->len] = '\0';
}

void
vdr_phrase_words(vdr_phrase *phrase, const char *words)
{
    vdr_phrase_text(phrase, vdr_span_str(words));
}

void
vdr_phrase_begin(vdr_phrase *phrase, const char *words)
{
    phrase->len = 0;
    vdr_phrase_words(phrase, words);
}

void
vdr_phrase_number(vdr_phrase *phrase, uint64_t number)
{
    char text[20];
    size_t i = sizeof text;
    do {
        text[--i] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    vdr_phrase_text(phrase, vdr_span_of(text + i, sizeof text - i));
}
