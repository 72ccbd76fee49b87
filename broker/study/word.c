/* Names that towns use for domains, purposes, kinds of agency, roles and core areas, in words. */
#include "broker/study/sentence.h"

static const struct {
    const char *name, *words[2]; /* Dutch, English */
} words[] = {
    /* life domains */
    {"finances", {"geld en schulden", "money and debts"}},
    {"work_income", {"werk en inkomen", "work and income"}},
    {"housing", {"wonen", "housing"}},
    {"education", {"onderwijs", "education"}},
    {"upbringing", {"opvoeden en opgroeien", "upbringing"}},
    {"safety_home", {"veiligheid thuis", "safety at home"}},
    {"mental_health", {"psychische gezondheid", "mental health"}},
    {"physical_health", {"lichamelijke gezondheid", "physical health"}},
    {"substance_use", {"verslaving", "addiction"}},
    {"social", {"meedoen en contacten", "social life"}},
    {"justice", {"politie en justitie", "police and justice"}},
    /* core areas */
    {"socio_economic", {"bestaanszekerheid", "making a living"}},
    {"adult", {"volwassenen", "adults"}},
    {"youth", {"jeugd", "youth"}},
    /* purposes */
    {"care", {"zorg", "care"}},
    {"safety", {"veiligheid", "safety"}},
    {"debt", {"schulden", "debts"}},
    {"help", {"lopende hulp", "help that is given"}},
    /* kinds of agency */
    {"school", {"school", "school"}},
    {"attendance", {"leerplicht", "school attendance office"}},
    {"police", {"politie", "police"}},
    {"youth_justice", {"jeugdjustitie", "youth justice"}},
    {"safe_home", {"Veilig Thuis", "Veilig Thuis (domestic violence office)"}},
    {"youth_protection", {"jeugdbescherming", "youth protection"}},
    {"youth_health", {"jeugdgezondheidszorg", "youth health care"}},
    {"youth_care", {"jeugdhulp", "youth care"}},
    {"addiction_care", {"verslavingszorg", "addiction care"}},
    {"gp", {"huisarts", "general practitioner"}},
    {"energy", {"energiebedrijf", "energy company"}},
    {"water", {"waterbedrijf", "water company"}},
    {"health_insurer", {"zorgverzekeraar", "health insurer"}},
    {"premium_collector", {"inning van zorgpremies", "collector of health premiums"}},
    {"tax_collector", {"invordering van belasting", "tax collector"}},
    {"debt_help", {"schuldhulp", "debt help"}},
    {"social_services", {"werk en inkomen van de gemeente", "social services"}},
    {"neighbourhood_team", {"wijkteam", "neighbourhood team"}},
    {"welfare", {"welzijnswerk", "welfare work"}},
    {"shelter", {"opvang", "shelter"}},
    {"ggd", {"GGD", "public health service"}},
    {"brp", {"bevolkingsregister", "population register"}},
    /* roles */
    {"parent", {"ouder", "parent"}},
    {"child", {"kind", "child"}},
};

vdr_span
vdr_word_of(vdr_span name, vdr_language language)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (vdr_span_equal(vdr_span_str(words[i].name), name))
            return vdr_span_str(words[i].words[language]);
    return name;
}
