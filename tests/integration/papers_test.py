#!/usr/bin/env python3
"""Papers that the build and the configuration make: the bill of materials names every library that is loaded, and
the assessment in deploy/dpia.md is what the configuration of Zomerdal says today."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
from broker import BUILD, ROOT  # noqa: E402
from built_test import LIBRARY, PROGRAMS, cache, readelf  # noqa: E402

VOORDEUR = os.path.join(BUILD, "clients", "cli", "voordeur")
ID = re.compile(r"^SPDXRef-[A-Za-z0-9.-]+$")


class Materials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if cache("VDR_SANITIZE"):
            raise unittest.SkipTest("no bill of a build that is not shipped")
        cls.files = [os.path.realpath(os.path.join(BUILD, path)) for path in [*PROGRAMS.values(), *LIBRARY.values()]]
        path = os.path.join(BUILD, "voordeur.spdx.json")
        if cache("CMAKE_BUILD_TYPE") == "Debug":  # made there when it is asked for
            made = subprocess.run([os.path.join(ROOT, "deploy", "sbom"), "--version", "0.0.0", *cls.files],
                                  stdout=subprocess.PIPE, check=True)
            cls.bill = json.loads(made.stdout)
        else:
            with open(path, encoding="utf-8") as f:
                cls.bill = json.load(f)

    def test_it_is_spdx(self):
        bill = self.bill
        self.assertEqual((bill["spdxVersion"], bill["dataLicense"], bill["SPDXID"]),
                         ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT"))
        self.assertRegex(bill["documentNamespace"], r"^https://[^#]+$")
        self.assertRegex(bill["creationInfo"]["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertTrue(all(c.startswith(("Tool: ", "Person: ", "Organization: "))
                            for c in bill["creationInfo"]["creators"]))
        ids = ["SPDXRef-DOCUMENT"] + [x["SPDXID"] for x in bill["packages"] + bill["files"]]
        self.assertEqual(len(ids), len(set(ids)))
        for one in ids:
            self.assertRegex(one, ID)
        for package in bill["packages"]:
            for member in ("name", "versionInfo", "downloadLocation", "licenseConcluded", "copyrightText"):
                self.assertTrue(package[member], package)
        for relation in bill["relationships"]:
            self.assertIn(relation["spdxElementId"], ids)
            self.assertIn(relation["relatedSpdxElement"], ids)
        kinds = {r["relationshipType"] for r in bill["relationships"]}
        self.assertEqual(kinds, {"DESCRIBES", "CONTAINS", "DEPENDS_ON"})

    def test_every_library_that_is_loaded_is_in_it_with_the_installed_version(self):
        versions = {p["name"]: p["versionInfo"] for p in self.bill["packages"]}
        ldd = subprocess.run(["ldd", *self.files], check=True, stdout=subprocess.PIPE, text=True).stdout
        loaded = {os.path.realpath(path) for path in re.findall(r"=> (/\S+)", ldd)}
        self.assertGreater(len(loaded), 8)
        names = {name: path for path in loaded for name in (path, path.removeprefix("/usr"))}
        owners = subprocess.run(["dpkg-query", "-S", *names], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        owned = {names[line.split(": ")[1]]: line.split(": ")[0].split(",")[0] for line in owners.stdout.splitlines()}
        self.assertEqual(set(owned), loaded)
        installed = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\\n", *set(owned.values())], check=True,
                                   stdout=subprocess.PIPE, text=True).stdout
        for package, version in (line.split() for line in installed.splitlines()):
            self.assertEqual(versions.get(package), version, package)

    def test_what_was_built_is_in_it(self):
        sums = {f["fileName"]: f["checksums"][0]["checksumValue"] for f in self.bill["files"]}
        for path in self.files:
            with open(path, "rb") as f:
                self.assertEqual(sums["./" + os.path.basename(path)], hashlib.sha256(f.read()).hexdigest(), path)
        direct = {name for path in self.files for name in re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d", path))}
        self.assertGreater(len(direct), 5)


class Assessment(unittest.TestCase):
    def page(self, folder):
        return subprocess.run([VOORDEUR, "rules", "dpia", folder], check=True, stdout=subprocess.PIPE, text=True).stdout

    def test_the_one_in_deploy_is_that_of_today(self):
        with open(os.path.join(ROOT, "deploy", "dpia.md"), encoding="utf-8") as f:
            kept = f.read()
        self.assertEqual(kept, self.page(os.path.join(ROOT, "deploy", "zomerdal")),
                         "make it again: voordeur rules dpia deploy/zomerdal > deploy/dpia.md")

    def test_it_says_what_the_configuration_says(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("town", "catalogue", "rules"):
                shutil.copy(os.path.join(ROOT, "tests", "conformance", "58-guards", name + ".yaml"), folder)
            with open(os.path.join(folder, "town.yaml"), encoding="utf-8") as f:
                town = f.read()
            with open(os.path.join(folder, "town.yaml"), "w", encoding="utf-8") as f:
                f.write(town.replace('systeem:bvh", sees_match: false',
                                     'systeem:bvh", convenant: {id: c-2026, from: 2026-01-01T00:00:00Z, until: 2027-07-01T00:00:00Z}'))
            page = self.page(folder)
        for said in ("`nl.onderwijs.verzuim-gemeld.v1` | jeugd | JW_VIR | school | wijkteam; regisseur | 180 dagen | 730 dagen",
                     "`politie` | politie | `urn:nld:oin:00000099000000020000:systeem:bvh` | nee |", "`politie` | `c-2026` | 2026-01-01 | 2027-07-01 |", "(`c-piet`)", "(`p-ada`)",
                     "- jeugd en zorg", "`flood`: hooguit 3 signalen in 1 uur, per organisatie; daarna wordt geweigerd",
                     "`whole-house`: hooguit 3 personen in 1 dag, per organisatie en adres", "Bijlage: de regels in zinnen"):
            self.assertIn(said, page)
        with tempfile.TemporaryDirectory() as empty:
            wrong = subprocess.run([VOORDEUR, "rules", "dpia", "--config", empty], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
            self.assertEqual((wrong.returncode, wrong.stdout), (2, b""))


if __name__ == "__main__":
    unittest.main(verbosity=1)
