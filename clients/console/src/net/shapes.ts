// The shapes of the HTTP face, by the names that the console uses for them. They are generated from openapi.json.
import type { components } from './openapi';

type Schemas = components['schemas'];

export type Case = Schemas['Case'];
/** What a regisseur and an agency or service wrote each other. */
export type CaseNote = Schemas['Note'];
export type CaseSummary = Schemas['CaseSummary'] & { goals?: Goal[] };
export type CaseState = Schemas['CaseState'];
export type Priority = Schemas['Priority'];
export type Signal = Schemas['Signal'];
export type Goal = Schemas['Goal'];
export type Household = Schemas['Household'];
export type Explanation = Schemas['Explanation'];
export type ExplainedRule = Schemas['ExplainedRule'];
export type Directory = Schemas['Directory'];
export type Regisseur = Schemas['Regisseur'];
export type Review = Schemas['Review'];
export type Me = Schemas['Me'];
export type Message = Schemas['Message'];
export type Mailbox = Schemas['Mailbox'];
export type Absence = Schemas['Absence'];
export type ActReceipt = Schemas['ActReceipt'];
