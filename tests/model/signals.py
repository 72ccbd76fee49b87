"""Signals: their household, the rules, and what an accepted one does (semantics sections 5, 6 and 7)."""

from events import instant
from words import DAY, PRIORITIES, Thing


class Signals:
    def new_household(self, district):
        self.last_household += 1
        self.households[self.last_household] = Thing(persons=set(), addresses=set(), district=district,
                                                     latches=set(), empty_until=None)
        return self.last_household

    def find_household(self, persons, address, reviews):
        of_persons = [self.household_of_person(p) for p in persons]
        of_address = self.household_of_address(address) if address else None
        known = [n for n in of_persons if n is not None]
        if known:
            number, match = known[0], "person"
        elif of_address is not None and (not persons or (
                self.conf.address_match == "join" and
                len(self.households[of_address].persons | set(persons)) <= self.conf.max_persons)):
            number, match = of_address, "address"
        else:
            number, match = self.new_household(None), "new"
        household = self.households[number]
        household.persons |= {p for p, n in zip(persons, of_persons) if n is None}
        if address and of_address is None:
            household.addresses.add(address)
        if self.conf.address_match == "off":
            of_address = None
        for other in known + ([of_address] if of_address is not None else []):
            pair = frozenset((number, other))
            if other != number and pair not in self.reviewed:
                self.reviewed.add(pair)
                self.reviews.add(pair)
                reviews.append((min(pair), max(pair)))
        return number, match

    # ------------------------------------------------------------------ rules (section 6)

    def is_live(self, s, t):
        return not s.withdrawn and s.occurred <= t < s.until and not self.held_out(s)

    def core_areas(self, s):
        area = self.conf.domains[s.domain]
        if area != "by_role":
            return {area}
        return {"youth" if role == "youth" else "adult" for _, role in self.known_persons(s)} or {"adult"}

    def counted(self, rule, household, t):
        where = rule["where"]
        return [s for s in self.signals if s.household == household and self.is_live(s, t) and
                s.purpose in rule["purposes"] and
                (rule["over"] is None or t - rule["over"] < s.occurred) and
                s.type in where.get("types", [s.type]) and
                s.domain in where.get("domains", [s.domain]) and
                s.agency["kind"] in where.get("agencies", [s.agency["kind"]]) and
                ("roles" not in where or any(role in where["roles"] for _, role in self.known_persons(s))) and
                s.severity >= where.get("min_severity", 1)]

    def measure(self, name, signals):
        values = set()
        for s in signals:
            values |= {"signals": {id(s)}, "domains": {s.domain}, "agencies": {s.agency["id"]},
                       "types": {s.type}, "core_areas": self.core_areas(s), "days": {s.occurred // DAY},
                       "persons": {bsn for bsn, _ in self.known_persons(s)},
                       "overdue": {id(s)} if s.overdue else set()}[name]
        return len(values)

    def reaches(self, rule, signals):
        if not signals:
            return False
        times = [s.occurred for s in signals]
        return all(self.measure(m, signals) >= n for m, n in rule["at_least"].items()) and \
            (rule["spread"] is None or max(times) - min(times) >= rule["spread"])

    def support(self, rule, household, t):
        """The signals that make it hold, in log order; none where it does not."""
        counted = self.counted(rule, household, t)
        within = rule.get("within_same")
        if within is None:
            return counted if self.reaches(rule, counted) else []
        keys = {"domain": lambda s: {s.domain}, "type": lambda s: {s.type},
                "agency": lambda s: {s.agency["id"]}, "person": lambda s: {bsn for bsn, _ in self.known_persons(s)}}[within]
        good = set()
        for key in {k for s in counted for k in keys(s)}:
            group = [s for s in counted if key in keys(s)]
            if self.reaches(rule, group):
                good |= {id(s) for s in group}
        return [s for s in counted if id(s) in good]

    # ------------------------------------------------------------------ an accepted signal (section 7)

    def do_signal(self, line, old):
        data, terms, t = line.data, self.conf.types[line.type], self.now
        persons = [(p["bsn"], p.get("role")) for p in data.get("persons", [])]
        bag = data.get("address", {}).get("bag")
        address = None if bag in self.conf.excluded else bag
        reviews = []
        number, match = self.find_household(list(dict.fromkeys(b for b, _ in persons)), address, reviews)
        household = self.households[number]
        if "buurt" in data.get("address", {}):
            household.district = data["address"]["buurt"]
        for lower, higher in reviews:
            self.tell_coordinators("review", household="H%d" % lower, other="H%d" % higher)

        occurred = line.occurred_at()
        until = occurred + terms["counts_for"]
        if terms["kind"] == "deadline" and "act_before" in data:
            until = instant(data["act_before"])
        s = Thing(source=line.source, id=line.id, equality=line.equality, position=self.position,
                  agency=self.agency(line.source), type=line.type, domain=terms["domain"],
                  purpose=terms["purpose"], kind=terms["kind"], follow_up=terms["follow_up"], occurred=occurred,
                  until=until, severity=data.get("severity", terms["severity"]), persons=persons,
                  address=address, household=number, case=None, withdrawn=False, ended=False, overdue=False,
                  feedback=False, service=None, watch=None, struck=set(),
                  leaves=occurred + terms["retain"])
        late = occurred + self.conf.clocks["late"] < t

        lost = self.withdraw(old) if old is not None and not old.withdrawn else None
        for rule in self.conf.rules:
            if rule["level"] != "case" and rule["id"] in household.latches and not self.support(rule, number, t):
                household.latches.remove(rule["id"])
        self.signals.append(s)
        self.set_timer(s.leaves, lambda timer: self.signal_leaves(s))
        outcome = self.decide(s, late)
        if lost is not None:
            self.retract(lost, old)
        return dict(household="H%d" % number, match=match, **outcome)

    def decide(self, s, late):
        case = self.open_case(s.household)
        if case is not None and self.may_join(s.purpose, case):
            self.attach(s, case)
            if not late:
                higher = [r["priority"] for r in self.conf.rules if r["level"] == "case" and
                          any(x is s for x in self.support(r, s.household, self.now))]
                self.raise_to(case, max(higher, key=PRIORITIES.index, default=case.priority))
            return dict(outcome="attached", case="C%d" % case.number)
        if not late and case is None and self.propose(s, [r for r in self.conf.rules if r["level"] == "case"]):
            return dict(outcome="proposed")
        self.to_service(s)
        if s.follow_up is not None:
            self.watch(s)
        if not late:
            self.latch(s)
        return dict(outcome="regular")

    def attach(self, s, case):
        first = all(x.agency["id"] != s.agency["id"] for x in self.case_signals(case))
        s.case = case
        self.tell_holder(case, "signal_attached", signal=s.id)
        if case.state == "active" and first and s.agency["sees_match"]:
            self.tell("agency:" + s.agency["id"], "regisseur_known", case="C%d" % case.number,
                      regisseur=case.regisseur)

    def raise_to(self, case, priority):
        if PRIORITIES.index(priority) <= PRIORITIES.index(case.priority):
            return
        case.priority = priority
        if case.state == "offered" and self.now + self.conf.accept[priority] < case.accept.due:
            self.start_accept(case)
        self.change(case, "raised")
        self.tell_holder(case, "priority_raised")

    def barred(self, rule, support, household):
        ended = [c for c in self.cases if c.household == household and c.state in ("closed", "dismissed")]
        if not ended:
            return False
        last = max(ended, key=lambda c: c.ended_position)
        return all(s.position <= last.ended_position for s in support) or \
            (self.now < last.ended_at + self.conf.clocks["cooldown"] and rule["priority"] != "urgent")

    def propose(self, s, rules):
        """Whether a case was proposed."""
        found = []
        for rule in rules:
            support = self.support(rule, s.household, self.now)
            if any(x is s for x in support) and not self.barred(rule, support, s.household):
                found.append((rule, support))
        if not found:
            return False
        self.last_case += 1
        case = Thing(number=self.last_case, household=s.household, state="unassigned", regisseur=None,
                     priority=max((r["priority"] for r, _ in found), key=PRIORITIES.index),
                     rules=[r["id"] for r, _ in found], purposes={p for r, _ in found for p in r["purposes"]},
                     refused=set(), accept=None, handover=None, plan=0, ended_at=None, ended_position=None,
                     leaves=None)
        self.cases.append(case)
        for one in self.signals:
            if any(one is x for _, support in found for x in support):
                one.case = case
        self.change(case, "proposed", rules=case.rules, signals=[x.id for x in self.case_signals(case)])
        self.assign(case, True)
        return True

    def to_service(self, s):
        for service in self.conf.services:
            if s.domain in service["domains"]:
                break
        else:
            service = next(x for x in self.conf.services if "*" in x["domains"])
        s.service = service["id"]
        self.tell("service:" + s.service, "regular_signal", signal=s.id)

    def watch(self, s):
        s.watch = self.set_timer(self.now + s.follow_up, lambda timer: self.follow_up(s))

    def latch(self, s):
        household = self.households[s.household]
        for rule in self.conf.rules:
            if rule["level"] == "case" or rule["id"] in household.latches:
                continue
            support = self.support(rule, s.household, self.now)
            if not any(x is s for x in support):
                continue
            household.latches.add(rule["id"])
            if rule["level"] == "watch":
                self.line(event="watch", household="H%d" % s.household, rule=rule["id"])
                continue
            concerned = self.agencies_of(support)
            for agency in concerned:
                if len(concerned) > 1:
                    self.tell("agency:" + agency, "match", rule=rule["id"],
                              agencies=[a for a in concerned if a != agency])
