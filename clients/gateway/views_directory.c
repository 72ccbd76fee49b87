#include "clients/gateway/views.h"

static void
texts(vdr_writer *w, const char *name, const vdr_span *all, size_t count)
{
    vdr_write_open(w, name, '[');
    for (size_t i = 0; i < count; i++)
        vdr_write_text(w, NULL, all[i]);
    vdr_write_close(w, ']');
}

static void
signal_type(vdr_writer *w, const vdr_wire_directory_type *t)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_text(w, "type", t->type);
    vdr_write_text_if(w, "title", t->title);
    vdr_write_text(w, "domain", t->domain);
    vdr_write_string(w, "kind", vdr_signal_kind_name(t->kind));
    vdr_write_number(w, "severity", t->severity);
    texts(w, "agencies", t->agencies, t->agency_count);
    vdr_write_close(w, '}');
}

static void
domain(vdr_writer *w, const vdr_wire_directory_domain *d)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_text(w, "id", d->domain);
    vdr_write_text_if(w, "area", d->area);
    vdr_write_flag(w, "byRole", d->by_role);
    vdr_write_close(w, '}');
}

static void
agency(vdr_writer *w, const vdr_wire_directory_agency *a)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_text(w, "id", a->id);
    vdr_write_text(w, "kind", a->kind);
    vdr_write_close(w, '}');
}

static void
service(vdr_writer *w, const vdr_wire_directory_service *s)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_text(w, "id", s->id);
    texts(w, "domains", s->domains, s->domain_count);
    vdr_write_flag(w, "all", s->all);
    vdr_write_close(w, '}');
}

static void
regisseur(vdr_writer *w, const vdr_wire_directory_regisseur *r)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_text(w, "id", r->id);
    texts(w, "districts", r->districts, r->district_count);
    vdr_write_flag(w, "everywhere", r->everywhere);
    texts(w, "expertise", r->expertise, r->expertise_count);
    vdr_write_flag(w, "absent", r->absent);
    vdr_write_close(w, '}');
}

#define LIST(name, call, rows, count)                                                                        \
    vdr_write_open(w, name, '[');                                                                            \
    for (size_t i = 0; i < (count); i++)                                                                     \
        call(w, &(rows)[i]);                                                                                 \
    vdr_write_close(w, ']')

void
vdr_show_directory_members(vdr_writer *w, const vdr_wire_directory *d)
{
    LIST("signalTypes", signal_type, d->types, d->type_count);
    LIST("domains", domain, d->domains, d->domain_count);
    LIST("agencies", agency, d->agencies, d->agency_count);
    LIST("services", service, d->services, d->service_count);
    LIST("regisseurs", regisseur, d->regisseurs, d->regisseur_count);
}
