"""Commands other than signals (semantics section 9): each is judged, and gives what it is to do."""

from events import bag_good, bsn_good
from words import OPEN, Refused, Thing


class Commands:
    def judge_command(self, line):
        self.judge_known(line)
        data, (kind, actor) = line.data, self.actor(line.source)
        who = {"signal_withdrawn": "agency", "signal_ended": "agency", "person_moved": "agency",
               "feedback": "service", "erased": "privacy_officer", "case_assigned": "coordinator",
               "household_merged": "coordinator", "household_split": "coordinator",
               "conflict_lifted": "coordinator", "note_answered": "agency", "review_set_aside": "coordinator",
               "objected": "privacy_officer", "objection_decided": "privacy_officer",
               "restricted": "privacy_officer", "restriction_lifted": "privacy_officer",
               "erasure_requested": "privacy_officer", "erasure_request_withdrawn": "privacy_officer",
               "hold_placed": "privacy_officer", "hold_confirmed": "privacy_officer",
               "hold_lifted": "privacy_officer", "person_erased": "privacy_officer",
               "rectification_requested": "privacy_officer"}.get(line.command, "regisseur")
        more = {"case_dismissed": ("coordinator",), "conflict_declared": ("coordinator", "privacy_officer"),
                "hold_placed": ("coordinator",), "hold_confirmed": ("coordinator",),
                "hold_lifted": ("coordinator",), "conflict_lifted": ("privacy_officer",),
                "note_answered": ("service",), "absence_set": ("coordinator",),
                "absence_lifted": ("coordinator",)}.get(line.command, ())
        if kind != who and kind not in more:
            raise Refused("not_allowed")
        if line.command == "person_moved" and self.agency(line.source)["kind"] != "brp":
            raise Refused("not_allowed")
        if data["municipality"] != self.conf.municipality:
            raise Refused("wrong_municipality")
        if line.command == "household_split" and not data.get("persons") and not data.get("addresses"):
            raise Refused("no_subject")
        bsns = data.get("persons", []) + ([data["bsn"]] if "bsn" in data else [])
        if not all(bsn_good(b) for b in bsns):
            raise Refused("bad_bsn")
        bags = data.get("addresses", []) + ([data["to"]] if line.command == "person_moved" else [])
        if not all(bag_good(b) for b in bags):
            raise Refused("bad_address")
        if line.command == "signal_ended" and line.occurred_at() > self.now + self.conf.clocks["future"]:
            raise Refused("future")
        do = getattr(self, "judge_" + line.command)(line, data, kind, actor)
        return lambda: self.do_command(line, do)

    def do_command(self, line, do):
        done = Thing(source=line.source, id=line.id, equality=line.equality)
        self.commands.append(done)
        self.set_timer(self.now + self.conf.longest_retain, lambda timer: self.commands.remove(done))
        do()

    def own_signal(self, line, data):
        s = self.signal_of(line.source, data["signal"])
        if s is None:
            raise Refused("unknown_signal")
        return s

    def named_case(self, data):
        for case in self.cases:
            if data["case"] == "C%d" % case.number:
                return case
        raise Refused("unknown_case")

    def named_household(self, name):
        for number in self.households:
            if name == "H%d" % number:
                return number
        raise Refused("unknown_household")

    def in_state(self, case, *states):
        if case.state not in states:
            raise Refused("wrong_state")

    def own_case(self, data, actor, state):
        case = self.named_case(data)
        self.in_state(case, state)
        if case.regisseur != actor:
            raise Refused("not_allowed")
        return case

    def known_regisseur(self, id):
        if not any(r["id"] == id for r in self.conf.regisseurs):
            raise Refused("unknown_actor")

    def judge_signal_withdrawn(self, line, data, kind, actor):
        s = self.own_signal(line, data)
        if s.withdrawn:
            raise Refused("wrong_state")

        def do():
            case = self.withdraw(s)
            if case is not None:
                self.retract(case, s)
        return do

    def judge_signal_ended(self, line, data, kind, actor):
        s = self.own_signal(line, data)
        if s.kind != "state" or s.withdrawn or s.ended:
            raise Refused("wrong_state")

        def do():
            s.ended = True
            s.until = min(s.until, line.occurred_at())
        return do

    def judge_feedback(self, line, data, kind, actor):
        named = [s for s in self.signals if s.id == data["signal"] and
                 s.agency["id"] == data.get("agency", s.agency["id"])]
        if not named:  # none of that id at all, of that agency where one is named
            raise Refused("unknown_signal")
        routed = [s for s in named if s.service == actor]
        if not routed:
            raise Refused("not_allowed")
        s = routed[-1]
        if s.feedback:
            raise Refused("wrong_state")

        def do():
            s.feedback, s.overdue = True, False
            self.tell("agency:" + s.agency["id"], "feedback", signal=s.id, result=data["result"])
        return do

    def judge_case_accepted(self, line, data, kind, actor):
        case = self.own_case(data, actor, "offered")

        def do():
            case.state, case.accept = "active", None
            self.change(case, "accepted")
            self.tell_agencies(case, "regisseur_known", regisseur=case.regisseur)
        return do

    def judge_case_declined(self, line, data, kind, actor):
        case = self.own_case(data, actor, "offered")

        def do():
            self.give_up(case, "declined")
            self.assign(case, True)
        return do

    def judge_case_dismissed(self, line, data, kind, actor):
        case = self.named_case(data)
        self.in_state(case, "unassigned", "offered")
        if (kind == "coordinator") != (case.state == "unassigned"):
            raise Refused("not_allowed")
        if kind == "regisseur" and case.regisseur != actor:
            raise Refused("not_allowed")

        def do():
            signals = self.end(case, "dismissed")
            self.change(case, "dismissed")
            self.to_services(signals)
        return do

    def judge_case_assigned(self, line, data, kind, actor):
        case = self.named_case(data)
        self.known_regisseur(data["regisseur"])
        self.in_state(case, *OPEN)
        if self.binds(data["regisseur"], case.household):
            raise Refused("not_allowed")
        if case.regisseur == data["regisseur"]:
            raise Refused("wrong_state")

        def do():
            old = case.regisseur
            self.offer(case, data["regisseur"])
            self.change(case, "reassigned" if old is not None else "offered")
            if old is not None:
                self.tell("regisseur:" + old, "case_taken_back", case="C%d" % case.number)
            self.tell("regisseur:" + case.regisseur, "case_offered", case="C%d" % case.number)
            self.tell_asked(case)
        return do

    def judge_handover_offered(self, line, data, kind, actor):
        self.named_case(data)
        self.known_regisseur(data["to"])
        case = self.own_case(data, actor, "active")
        if self.binds(data["to"], case.household):
            raise Refused("not_allowed")
        if data["to"] == actor:
            raise Refused("wrong_state")

        def do():
            case.handover = data["to"]
            self.tell("regisseur:" + data["to"], "handover_offered", case="C%d" % case.number, regisseur=actor)
        return do

    def judge_handover_accepted(self, line, data, kind, actor):
        case = self.named_case(data)
        self.in_state(case, "active")
        if case.handover != actor:
            raise Refused("not_allowed")

        def do():
            old, case.regisseur, case.handover = case.regisseur, actor, None
            self.change(case, "handed_over")
            self.tell("regisseur:" + old, "handover_accepted", case="C%d" % case.number, regisseur=actor)
            self.tell_asked(case)
            self.tell_agencies(case, "regisseur_known", regisseur=actor)
        return do

    def judge_case_escalated(self, line, data, kind, actor):
        case = self.own_case(data, actor, "active")

        def do():
            self.change(case, "escalated")
            self.tell_coordinators("escalated", case="C%d" % case.number)
        return do

    def judge_plan_set(self, line, data, kind, actor):
        case = self.own_case(data, actor, "active")
        if data["revision"] != case.plan + 1:
            raise Refused("wrong_state")

        def do():
            case.plan += 1
            self.change(case, "plan_set")
        return do

    def judge_case_closed(self, line, data, kind, actor):
        case = self.own_case(data, actor, "active")

        def do():
            concerned = self.agencies_of(self.end(case, "closed"))
            self.change(case, "closed")
            for agency in concerned:
                self.tell("agency:" + agency, "case_closed", case="C%d" % case.number)
        return do

    # -------------------------------------------------------- people move people

    def judge_household_merged(self, line, data, kind, actor):
        into, source = self.named_household(data["into"]), self.named_household(data["from"])
        if into == source:
            raise Refused("wrong_state")

        def do():
            one, other = self.households[into], self.households.pop(source)
            one.persons |= other.persons
            one.addresses |= other.addresses
            one.latches |= other.latches
            one.district = one.district or other.district
            cases = [self.open_case(into), self.open_case(source)]
            for thing in self.signals + self.cases:
                if thing.household == source:
                    thing.household = into
            self.rights_merge(source, into)
            self.merge_cases(cases)
            self.leave_later_if_empty(into)
        return do

    def merge_cases(self, cases):
        """Two open cases of what is now one household, or fewer: the lower-numbered stays."""
        cases = sorted((c for c in cases if c is not None), key=lambda c: c.number)
        if len(cases) < 2:
            return
        stays, ends = cases
        moving = self.end(ends, "merged")
        self.change(ends, "merged")
        if ends.regisseur is not None:
            self.tell("regisseur:" + ends.regisseur, "case_taken_back", case="C%d" % ends.number)
        moved = False
        for s in moving:
            if self.may_join(s.purpose, stays):
                self.attach(s, stays)
                moved = True
        self.to_services([s for s in moving if s.case is None])
        if moved:
            self.raise_to(stays, ends.priority)

    def signals_that_go(self, source, persons, addresses):
        """Of the household source: in no open case, and naming only those; or nobody and such an address."""
        return [s for s in self.signals if s.household == source and s.case is None and
                (all(b in persons for b, _ in s.persons) if s.persons else s.address in addresses)]

    def judge_household_split(self, line, data, kind, actor):
        source = self.named_household(data["household"])
        persons, addresses = set(data.get("persons", [])), set(data.get("addresses", []))
        old = self.households[source]
        if not persons <= old.persons or not addresses <= old.addresses:
            raise Refused("wrong_state")

        def do():
            number = self.new_household(old.district)
            old.persons -= persons
            old.addresses -= addresses
            self.households[number].persons |= persons
            self.households[number].addresses |= addresses
            self.rights_split(source, number)
            for s in self.signals_that_go(source, persons, addresses):
                s.household = number
            self.leave_later_if_empty(source)
            self.leave_later_if_empty(number)
        return do

    def judge_person_moved(self, line, data, kind, actor):
        def do():
            bsn, to = data["bsn"], data["to"]
            source, target = self.household_of_person(bsn), self.household_of_address(to)
            if source is None or source == target:
                return
            if target is None or to in self.conf.excluded or \
                    len(self.households[target].persons) >= self.conf.max_persons:
                number = self.new_household(None)
                if target is None and to not in self.conf.excluded:
                    self.households[number].addresses.add(to)
                target = number
            self.households[source].persons.remove(bsn)
            self.households[target].persons.add(bsn)
            with_cases = not self.households[source].persons
            self.rights_move(source, target, with_cases)
            if with_cases:
                cases = [self.open_case(source), self.open_case(target)]
                for case in self.cases:
                    if case.household == source:
                        case.household = target
                for s in self.signals:
                    if s.case is not None and s.case is cases[0]:
                        self.signal_goes(s, target)
                self.merge_cases(cases)
            for s in self.signals_that_go(source, self.households[target].persons, set()):
                self.signal_goes(s, target)
            self.leave_later_if_empty(source)
            self.leave_later_if_empty(target)
        return do

    def judge_erased(self, line, data, kind, actor):
        number = self.named_household(data["household"])
        if self.open_case(number) is not None or self.keeps(number):
            raise Refused("wrong_state")
        return lambda: self.erase_household(number)
