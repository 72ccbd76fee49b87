"""Rights of residents, notes, absences and reviews that are set aside (protocol.md 5.10, 5.14 to 5.16)."""

from events import instant
from words import DAY, OPEN, Refused, Thing

AHEAD = 7 * DAY
TERM = 30 * DAY
NOTES_MAX = 200
ABSENCES_MAX = 16


class Rights:
    # ------------------------------------------------------------------ what stands (5.10)

    def about(self, data):
        """What an act is about: one key of ("household", number), ("signal", thing), ("person", bsn)."""
        if "bsn" in data:
            return ("person", data["bsn"])
        if "signal" in data:
            return ("signal", self.newest_signal(data))
        return ("household", self.named_household(data["household"]))

    def newest_signal(self, data):
        named = [s for s in self.signals if s.id == data["signal"] and
                 s.agency["id"] == data.get("agency", s.agency["id"])]
        if not named:
            raise Refused("unknown_signal")
        return named[-1]

    def standing(self, kind, about):
        return next((r for r in self.rights if r.kind == kind and r.about[0] == about[0] and
                     (r.about[1] is about[1] if about[0] == "signal" else r.about[1] == about[1])), None)

    def begin_right(self, kind, about, due=None, first=None):
        right = Thing(kind=kind, about=about, due=due, state="stands", first=first, second=None)
        self.rights.append(right)
        if due is not None:
            ahead = due - AHEAD > self.now
            self.set_timer(due - AHEAD if ahead else max(due, self.now), lambda timer: self.right_falls(right, ahead))
        return right

    def right_falls(self, right, ahead):
        if not any(r is right for r in self.rights):
            return
        self.tell_officers("request_due" if ahead else "request_overdue", right)
        if ahead:
            self.set_timer(right.due, lambda timer: self.right_falls(right, False))

    def tell_officers(self, kind, right):
        what, which = right.about
        number = {"household": lambda: which, "signal": lambda: which.household,
                  "person": lambda: self.household_of_person(which) or 0}[what]()
        for officer in self.conf.privacy_officers:
            self.tell("privacy_officer:" + officer, kind, household="H%d" % number, result=right.kind)

    def right_done(self, right):
        self.rights.remove(right)
        self.tell_officers("request_done", right)

    def end_rights(self, about):
        """What they are about is gone."""
        for kind in ("objection", "restriction", "erasure", "hold", "rectification"):
            right = self.standing(kind, about)
            if right is not None:
                if kind == "erasure":
                    self.right_done(right)
                else:
                    self.rights.remove(right)

    def keeps(self, household):
        hold = self.standing("hold", ("household", household))
        return hold is not None and hold.state != "placed"

    # ------------------------------------------------------------------ what rules do not know

    def hidden(self, bsn):
        return not self.retracting and any(self.standing(kind, ("person", bsn)) for kind in ("objection", "restriction"))

    def known_persons(self, s):
        """Those of whom rules know that it names them."""
        return [(b, role) for b, role in s.persons if b not in s.struck and not self.hidden(b)]

    def held_out(self, s):
        if s.persons and not self.known_persons(s):
            return True
        return not self.retracting and any(self.standing(kind, about) for kind in ("objection", "restriction")
                   for about in (("household", s.household), ("signal", s)))

    def restricted(self, s):
        return bool(self.standing("restriction", ("household", s.household)) or
                    self.standing("restriction", ("signal", s)) or
                    s.persons and not self.known_persons(s) and
                    any(self.standing("restriction", ("person", b)) for b, _ in s.persons))

    # ------------------------------------------------------------------ at the end of a line or timer

    def settle(self):
        for right in [r for r in self.rights if r.kind == "erasure"]:
            number = right.about[1]
            if any(r is right for r in self.rights) and self.open_case(number) is None and not self.keeps(number):
                self.erase_household(number)
        for case in sorted((c for c in self.cases if c.state in OPEN), key=lambda c: c.number):
            if case.handover is not None and self.binds(case.handover, case.household):
                case.handover = None
            if case.regisseur is not None and self.binds(case.regisseur, case.household):
                regisseur = case.regisseur
                case.state, case.regisseur, case.accept, case.handover = "unassigned", None, None, None
                self.change(case, "taken_back")
                self.tell("regisseur:" + regisseur, "case_taken_back", case="C%d" % case.number)
                self.assign(case, True)

    def erase_household(self, number):
        self.signals_gone([s for s in self.signals if s.household == number])
        self.cases_gone([c for c in self.cases if c.household == number])
        self.household_gone(number)

    def binds(self, regisseur, household):
        return any(r == regisseur and (what == "household" and which == household or
                                       what == "person" and which in self.households[household].persons)
                   for r, what, which in self.conflicts)

    # ------------------------------------------------------------------ what leaves

    def signals_gone(self, signals):
        for s in signals:
            self.signals = [x for x in self.signals if x is not s]
            self.notes = [n for n in self.notes if n.signal is not s]
            s.case = None
            self.end_rights(("signal", s))
        self.forget()

    def cases_gone(self, cases):
        for case in cases:
            self.cases.remove(case)
            self.notes = [n for n in self.notes if n.case is not case]

    def household_gone(self, number):
        del self.households[number]
        self.end_rights(("household", number))
        self.conflicts = [c for c in self.conflicts if c[1:] != ("household", number)]
        self.forget()
        self.reviews = {pair for pair in self.reviews if number not in pair}

    def forget(self):
        """A person or address that is of no household, and that no signal names, is nobody's any more: what stands
        about the person ends, and guards know what they counted of either no longer."""
        known = {b for s in self.signals for b, _ in s.persons} | {s.address for s in self.signals}
        for household in self.households.values():
            known |= household.persons | household.addresses
        for right in list(self.rights):
            if right.about[0] == "person" and right.about[1] not in known:
                self.rights.remove(right)
        nobody = lambda what: isinstance(what, str) and what.isdigit() and what not in known
        self.counted_by = [(window[:3] + (object() if nobody(window[3]) else window[3],),
                            object() if nobody(what) else what) for window, what in self.counted_by]

    # ------------------------------------------------------------------ households that change

    def copy_right(self, right, about):
        there = self.standing(right.kind, about)
        if there is None:
            made = self.begin_right(right.kind, about, right.due, right.first)
            made.state, made.second = right.state, right.second
        elif right.kind == "hold" and right.state != "placed" and there.state == "placed":
            there.state, there.first, there.second = right.state, right.first, right.second

    def rights_of(self, about):
        return [r for r in map(lambda kind: self.standing(kind, about),
                               ("erasure", "objection", "restriction", "hold")) if r is not None]

    def rights_merge(self, source, into):
        for right in self.rights_of(("household", source)):
            there = self.standing(right.kind, ("household", into))
            if there is not None:
                self.copy_right(right, ("household", into))
                self.rights.remove(right)
            else:
                right.about = ("household", into)
        self.conflicts_follow(source, into)
        self.conflicts = [c for c in self.conflicts if c[1:] != ("household", source)]
        self.reviews = {pair for pair in self.reviews if source not in pair}

    def rights_split(self, source, into):
        for right in self.rights_of(("household", source)):
            self.copy_right(right, ("household", into))
        self.conflicts_follow(source, into)

    def rights_move(self, source, into, with_cases):
        for right in self.rights_of(("household", source)):
            if right.kind == "hold" or right.kind == "erasure" and with_cases:
                self.copy_right(right, ("household", into))
        if with_cases:
            self.conflicts_follow(source, into)

    def conflicts_follow(self, source, into):
        for regisseur, what, which in list(self.conflicts):
            if (what, which) == ("household", source) and (regisseur, what, into) not in self.conflicts:
                self.conflicts.append((regisseur, what, into))

    def signal_goes(self, s, household):
        """With somebody who moves: what stood about its household stands about it."""
        for right in self.rights_of(("household", s.household)):
            if right.kind in ("objection", "restriction"):
                self.copy_right(right, ("signal", s))
        s.household = household

    # ------------------------------------------------------------------ acts: conflicts

    def judge_conflict(self, data, kind, actor):
        number = self.named_household(data["household"]) if "household" in data else None
        self.known_regisseur(data["regisseur"])
        if kind == "regisseur" and actor != data["regisseur"]:
            raise Refused("not_allowed")
        return (data["regisseur"],) + (("household", number) if number is not None else ("person", data["bsn"]))

    def judge_conflict_declared(self, line, data, kind, actor):
        conflict = self.judge_conflict(data, kind, actor)
        if conflict in self.conflicts:
            raise Refused("wrong_state")
        return lambda: self.conflicts.append(conflict)

    def judge_conflict_lifted(self, line, data, kind, actor):
        conflict = self.judge_conflict(data, kind, actor)
        if actor == data["regisseur"]:
            raise Refused("not_allowed")
        if conflict not in self.conflicts:
            raise Refused("wrong_state")
        return lambda: self.conflicts.remove(conflict)

    # ------------------------------------------------------------------ acts: objection and restriction

    def someone(self, about):
        """A person of no household: nothing can be said of one."""
        if about[0] == "person" and self.household_of_person(about[1]) is None:
            raise Refused("wrong_state")

    def due_of(self, data):
        return instant(data["due"]) if "due" in data else self.now + TERM

    def judge_objected(self, line, data, kind, actor):
        about = self.about(data)
        self.someone(about)
        if about[0] == "signal" and about[1].withdrawn or self.standing("objection", about):
            raise Refused("wrong_state")
        return lambda: self.begin_right("objection", about, self.due_of(data)) and None

    def judge_objection_decided(self, line, data, kind, actor):
        about = self.about(data)
        self.someone(about)
        right = self.standing("objection", about)
        if right is None:
            raise Refused("wrong_state")

        def do():
            self.rights.remove(right)
            if data["decision"] == "upheld":
                self.uphold(about)
        return do

    def uphold(self, about):
        """One Retract for each case that lost signals, which names the last of them."""
        lost = {}
        if about[0] == "person":
            named = [s for s in self.signals if about[1] in {b for b, _ in s.persons}]
            for s in named:
                s.struck.add(about[1])
            signals = [s for s in named if all(b in s.struck for b, _ in s.persons)]
        elif about[0] == "signal":
            signals = [about[1]]
        else:
            signals = [s for s in self.signals if s.household == about[1]]
        for s in signals:
            if not s.withdrawn:
                case = self.withdraw(s)
                if case is not None:
                    lost.pop(case.number, None)
                    lost[case.number] = (case, s)
        for case, s in lost.values():
            self.retract(case, s)

    def judge_restricted(self, line, data, kind, actor):
        about = self.about(data)
        self.someone(about)
        if self.standing("restriction", about):
            raise Refused("wrong_state")
        return lambda: self.begin_right("restriction", about) and None

    def judge_restriction_lifted(self, line, data, kind, actor):
        about = self.about(data)
        self.someone(about)
        right = self.standing("restriction", about)
        if right is None:
            raise Refused("wrong_state")
        return lambda: self.rights.remove(right)

    # ------------------------------------------------------------------ acts: erasure and holds

    def judge_erasure_requested(self, line, data, kind, actor):
        number = self.named_household(data["household"])
        if self.standing("erasure", ("household", number)):
            raise Refused("wrong_state")

        def do():
            self.begin_right("erasure", ("household", number), self.due_of(data))
            case = self.open_case(number)
            if case is not None:
                self.tell_asked(case)
                for officer in self.conf.privacy_officers:
                    self.tell("privacy_officer:" + officer, "erasure_requested", case="C%d" % case.number,
                              household="H%d" % number)
        return do

    def tell_asked(self, case):
        """Whoever has or gets the case hears of an erasure that is asked."""
        if case.regisseur is not None and self.standing("erasure", ("household", case.household)):
            self.tell("regisseur:" + case.regisseur, "erasure_requested", case="C%d" % case.number,
                      household="H%d" % case.household)

    def judge_erasure_request_withdrawn(self, line, data, kind, actor):
        right = self.standing("erasure", ("household", self.named_household(data["household"])))
        if right is None:
            raise Refused("wrong_state")
        return lambda: self.rights.remove(right)

    def judge_hold_placed(self, line, data, kind, actor):
        about = ("household", self.named_household(data["household"]))
        hold = self.standing("hold", about)
        if hold is not None and hold.state != "lifting":
            raise Refused("wrong_state")

        def do():
            if hold is not None:
                hold.state = "stands"
            else:
                self.begin_right("hold", about, None, (kind, actor)).state = "placed"
        return do

    def judge_hold_confirmed(self, line, data, kind, actor):
        number = self.named_household(data["household"])
        hold = self.standing("hold", ("household", number))
        if hold is None or hold.state == "stands":
            raise Refused("wrong_state")
        other = hold.first if hold.state == "placed" else hold.second
        if other[1] == actor or "privacy_officer" not in (other[0], kind):
            raise Refused("not_allowed")

        def do():
            if hold.state == "placed":
                hold.state = "stands"
                return
            self.rights.remove(hold)
            self.release(number)
        return do

    def judge_hold_lifted(self, line, data, kind, actor):
        hold = self.standing("hold", ("household", self.named_household(data["household"])))
        if hold is None or hold.state == "lifting":
            raise Refused("wrong_state")

        def do():
            if hold.state == "placed":
                self.rights.remove(hold)
            else:
                hold.state, hold.second = "lifting", (kind, actor)
        return do

    def release(self, number):
        """What is past its term leaves at once."""
        before = self.has_anything(number)
        self.signals_gone([s for s in self.signals if s.household == number and s.leaves <= self.now])
        self.cases_gone([c for c in self.cases if c.household == number and c.leaves is not None and
                         c.leaves <= self.now])
        empty_since = self.households[number].empty_until
        if before or empty_since is not None and empty_since <= self.now:
            self.leave_if_empty(number)

    # ------------------------------------------------------------------ acts: one person, rectification

    def judge_person_erased(self, line, data, kind, actor):
        number, bsn = self.named_household(data["household"]), data["bsn"]
        named = [s for s in self.signals if bsn in {b for b, _ in s.persons}]
        if bsn not in self.households[number].persons or self.open_case(number) is not None or \
                self.keeps(number) or any(self.keeps(s.household) for s in named):
            raise Refused("wrong_state")

        def do():
            alone = [s for s in named if all(b == bsn for b, _ in s.persons)]
            for s in named:
                s.persons = [p for p in s.persons if p[0] != bsn]
                self.notes = [n for n in self.notes if n.signal is not s]
            self.signals_gone(alone)
            self.households[number].persons.remove(bsn)
            self.forget()
            for household in [number] + [s.household for s in alone]:
                self.leave_if_empty(household)
        return do

    def judge_rectification_requested(self, line, data, kind, actor):
        s = self.newest_signal(data)
        if s.withdrawn or self.standing("rectification", ("signal", s)):
            raise Refused("wrong_state")

        def do():
            self.begin_right("rectification", ("signal", s), self.due_of(data))
            self.tell("agency:" + s.agency["id"], "rectification_requested", signal=s.id,
                      result=data["correction"])
        return do

    # ------------------------------------------------------------------ acts: notes (5.14)

    def judge_note_sent(self, line, data, kind, actor):
        case = self.named_case(data)
        party = ("agency", data["agency"]) if "agency" in data else ("service", data["service"])
        known = self.conf.agencies if party[0] == "agency" else self.conf.services
        if not any(x["id"] == party[1] for x in known):
            raise Refused("unknown_actor")
        self.in_state(case, "active")
        if case.regisseur != actor:
            raise Refused("not_allowed")
        theirs = [s for s in self.case_signals(case) if not self.restricted(s) and
                  (s.agency["id"] if party[0] == "agency" else s.service) == party[1]]
        if not theirs:
            raise Refused("wrong_state")

        def do():
            self.keep_note(case, theirs[-1], party)
            self.tell(":".join(party), "note", signal=theirs[-1].id, result=data["text"], regisseur=actor)
        return do

    def keep_note(self, case, s, party):
        self.notes.append(Thing(case=case, signal=s, party=party))
        of_case = [n for n in self.notes if n.case is case]
        if len(of_case) > NOTES_MAX:
            self.notes = [n for n in self.notes if n is not of_case[0]]

    def judge_note_answered(self, line, data, kind, actor):
        if kind == "agency":
            s = self.own_signal(line, data)
        else:
            routed = [s for s in self.signals if s.id == data["signal"] and
                      s.agency["id"] == data.get("agency", s.agency["id"])]
            if not routed:
                raise Refused("unknown_signal")
            routed = [s for s in routed if s.service == actor]
            if not routed:
                raise Refused("not_allowed")
            s = routed[-1]
        case, party = s.case, (kind, actor)
        asked = any(n.case is case and n.party == party for n in self.notes)
        if case is None or case.state != "active" or self.restricted(s) or \
                not (asked or kind == "agency" and s.agency["sees_match"]):
            raise Refused("wrong_state")

        def do():
            self.keep_note(case, s, ("regisseur", case.regisseur))
            self.tell("regisseur:" + case.regisseur, "note_answered", case="C%d" % case.number, signal=s.id,
                      result=data["text"], by=":".join(party))
        return do

    # ------------------------------------------------------------------ acts: absences (5.15), reviews (5.16)

    def judge_absence(self, data, kind, actor):
        self.known_regisseur(data["regisseur"])
        if kind == "regisseur" and actor != data["regisseur"]:
            raise Refused("not_allowed")
        absence = (data["regisseur"], instant(data["from"]), instant(data["to"]))
        return absence, [a for a in self.absences if a[0] == absence[0] and a[2] > self.now]

    def judge_absence_set(self, line, data, kind, actor):
        absence, standing = self.judge_absence(data, kind, actor)
        if absence[2] <= self.now or absence in standing or len(standing) == ABSENCES_MAX:
            raise Refused("wrong_state")
        return lambda: self.absences.append(absence)

    def judge_absence_lifted(self, line, data, kind, actor):
        absence, standing = self.judge_absence(data, kind, actor)
        if absence not in standing:
            raise Refused("wrong_state")
        return lambda: self.absences.remove(absence)

    def judge_review_set_aside(self, line, data, kind, actor):
        pair = frozenset((self.named_household(data["household"]), self.named_household(data["other"])))
        if pair not in self.reviews:
            raise Refused("wrong_state")
        return lambda: self.reviews.remove(pair)
