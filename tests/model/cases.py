"""Cases, and what leaves when (semantics sections 8 and 10)."""

from words import PRIORITIES


class Cases:
    def assign(self, case, say):
        """say: also where nobody is found, as everywhere but in a retry."""
        away = {r for r, a, b in self.absences if a <= self.now < b}
        t, conf = self.now, self.conf
        candidates = [r for r in conf.regisseurs if r["id"] not in case.refused and
                      not any(a <= t < b for a, b in r["absent"]) and self.load(r["id"]) < r["hard_capacity"] and
                      r["id"] not in away and not self.binds(r["id"], case.household)]
        district = self.households[case.household].district
        closed = [c for c in self.cases if c.household == case.household and c.state == "closed"]
        last = max(closed, key=lambda c: c.ended_position, default=None)
        sticky = [r for r in candidates if last is not None and r["id"] == last.regisseur and
                  last.ended_at >= t - conf.clocks["sticky"]]
        near = [r for r in candidates if any(
            d == "*" or (district is not None and district.startswith(d)) for d in r["districts"])]
        domains = {s.domain for s in self.case_signals(case)}
        among = sticky or near or candidates
        if among:
            # Loads over capacities are compared as fractions, without a division.
            best = among[0]
            for r in among[1:]:
                mine, others = self.load(r["id"]) * best["capacity"], self.load(best["id"]) * r["capacity"]
                if (mine, -len(domains & r["expertise"]), r["id"].encode()) < \
                        (others, -len(domains & best["expertise"]), best["id"].encode()):
                    best = r
            self.offer(case, best["id"])
            self.change(case, "offered")
            self.tell("regisseur:" + best["id"], "case_offered", case="C%d" % case.number)
            self.tell_asked(case)
        elif say:
            self.change(case, "unassigned")
            self.tell_coordinators("needs_regisseur", case="C%d" % case.number)
            self.set_retry()

    def offer(self, case, regisseur):
        case.state, case.regisseur, case.handover = "offered", regisseur, None
        self.start_accept(case)

    def start_accept(self, case):
        case.accept = self.set_timer(self.now + self.conf.accept[case.priority],
                                     lambda timer: self.accept_expired(case, timer))

    def set_retry(self):
        if not self.retry_set:
            self.retry_set = True
            self.set_timer(self.now + self.conf.clocks["retry"], self.retry_fires)

    def retry_fires(self, timer):
        self.retry_set = False
        self.retry()
        if any(c.state == "unassigned" for c in self.cases):
            self.set_retry()

    def retry(self):
        waiting = [c for c in self.cases if c.state == "unassigned"]
        for case in sorted(waiting, key=lambda c: (-PRIORITIES.index(c.priority), c.number)):
            self.assign(case, False)

    def give_up(self, case, change):
        """declined and expired: the offer is gone, and who had it is not asked again."""
        case.refused.add(case.regisseur)
        case.state, case.regisseur, case.accept, case.handover = "unassigned", None, None, None
        self.change(case, change)

    def accept_expired(self, case, timer):
        if case.accept is not timer or case.state != "offered":
            return
        regisseur = case.regisseur
        self.give_up(case, "expired")
        self.tell("regisseur:" + regisseur, "case_taken_back", case="C%d" % case.number)
        self.tell_coordinators("not_accepted", case="C%d" % case.number, regisseur=regisseur)
        self.assign(case, True)

    def follow_up(self, s):
        s.watch = None
        if s not in self.signals or s.withdrawn or s.case is not None or s.feedback:
            return
        s.overdue = True
        self.tell_coordinators("overdue", signal=s.id, household="H%d" % s.household)
        if self.open_case(s.household) is None:
            self.propose(s, [r for r in self.conf.rules if r["level"] == "case" and "overdue" in r["at_least"]])

    def withdraw(self, s):
        """The open case that lost it, or None."""
        case, s.case, s.withdrawn = s.case, None, True
        right = self.standing("rectification", ("signal", s))
        if right is not None:
            self.right_done(right)
        return case

    def retract(self, case, s):
        self.retracting = True
        holds = any(r["level"] == "case" and self.support(r, case.household, self.now) for r in self.conf.rules)
        self.retracting = False
        if holds:
            return
        if case.state == "active":
            self.tell("regisseur:" + case.regisseur, "support_withdrawn", case="C%d" % case.number, signal=s.id)
            return
        offered = case.state == "offered"
        signals = self.end(case, "retracted")
        self.change(case, "retracted")
        if offered:
            self.tell("regisseur:" + case.regisseur, "case_withdrawn", case="C%d" % case.number)
        self.to_services(signals)

    def end(self, case, state):
        """Gives the signals it had."""
        signals = self.case_signals(case)
        case.state, case.accept, case.handover = state, None, None
        case.ended_at, case.ended_position = self.now, self.position
        case.leaves = self.now + self.conf.clocks["retain_cases"]
        for s in signals:
            s.case = None
        self.set_timer(case.leaves, lambda timer: self.case_leaves(case))
        return signals

    def to_services(self, signals):
        """As when dismissed (section 9)."""
        for s in signals:
            self.to_service(s)
            if s.follow_up is not None and not s.feedback and s.watch is None:
                self.watch(s)

    # ------------------------------------------------------------------ retention (section 10)

    def signal_leaves(self, s):
        if any(x is s for x in self.signals) and not self.keeps(s.household):
            self.signals_gone([s])
            self.leave_if_empty(s.household)

    def case_leaves(self, case):
        if case in self.cases and not self.keeps(case.household):
            self.cases_gone([case])
            self.leave_if_empty(case.household)

    def leave_if_empty(self, household):
        if household in self.households and not self.has_anything(household) and not self.keeps(household):
            self.household_gone(household)

    def leave_later_if_empty(self, household):
        if household in self.households and not self.has_anything(household):
            due = self.now + self.conf.longest_retain
            self.households[household].empty_until = due
            self.set_timer(due, lambda timer: self.leave_if_empty(household))
