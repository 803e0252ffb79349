#!/usr/bin/env python3
"""Writes what the programs are made of as SPDX 2.3, in JSON, to standard output.

The Swift packages are those of Package.resolved whose modules were linked into the programs; Debian's are those whose
libraries the programs ask for. Times come from --epoch, and nothing depends on the machine's folders: the same sources
and tools give the same document.
"""

import argparse
import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("assetlinkd", "assetlinkctl")


def said_by(*command):
    """The output of a command that must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def spdx_id(*words):
    """An identifier of the document: letters, digits, dots and dashes."""
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", "-".join(words))


def licence_of(folder):
    """The licence that a source folder states, as an SPDX expression."""
    for name in ("LICENSE.txt", "LICENSE", "LICENSE.md"):
        path = folder / name
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if "Apache License" in text:
            exception = "Runtime Library Exception" in text
            return "Apache-2.0 WITH Swift-exception" if exception else "Apache-2.0"
        if "Permission is hereby granted, free of charge" in text:
            return "MIT"
    return "NOASSERTION"


def package(name, version, location, licence, purl, supplier="NOASSERTION", summary=None):
    """One package of the document."""
    entry = {
        "SPDXID": spdx_id("Package", name, *([version] if version else [])),
        "name": name,
        **({"versionInfo": version} if version else {}),
        "supplier": supplier,
        "downloadLocation": location,
        "filesAnalyzed": False,
        "licenseConcluded": licence,
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
        ],
    }
    if summary:
        entry["summary"] = summary
    return entry


def linked_modules(programs):
    """The modules whose objects went into the programs."""
    modules = set()
    for program in PROGRAMS:
        objects = programs / f"{program}.product" / "Objects.LinkFileList"
        if not objects.exists():
            sys.exit(f"sbom.py: {objects} is not there: it says what was linked into {program}")
        modules.update(re.findall(r"/([^/]+)\.build/", objects.read_text()))
    return modules


def swift_packages(programs):
    """The Swift packages that were linked, and what they carry of other projects."""
    modules = linked_modules(programs)
    checkouts = programs.resolve().parents[1] / "checkouts"
    pins = json.loads((REPOSITORY / "Package.resolved").read_text())["pins"]
    found = []
    for pin in sorted(pins, key=lambda pin: pin["identity"]):
        url = re.sub(r"\.git$", "", pin["location"])
        folder = checkouts / url.rsplit("/", 1)[1]
        if not modules & {path.name for path in (folder / "Sources").rglob("*") if path.is_dir()}:
            continue
        version = pin["state"]["version"]
        purl = f"pkg:swift/{url.removeprefix('https://')}@{version}"
        entry = package(pin["identity"], version, f"git+{url}@{version}", licence_of(folder), purl)
        found.append((entry, carried(folder)))
    if not found:
        sys.exit(f"sbom.py: no linked package was found in {checkouts}")
    return found


def carried(folder):
    """Libraries in C whose sources a Swift package brings along."""
    boring = folder / "Sources/CCryptoBoringSSL/hash.txt"
    if boring.exists():
        revision = re.search(r"\b[0-9a-f]{40}\b", boring.read_text()).group()
        location = f"git+https://boringssl.googlesource.com/boringssl@{revision}"
        purl = f"pkg:generic/boringssl@{revision}"
        return [package("boringssl", revision, location, "Apache-2.0 AND ISC AND OpenSSL", purl)]
    if (folder / "Sources/CYaml").exists():
        location = "git+https://github.com/yaml/libyaml"
        return [package("libyaml", None, location, "MIT", "pkg:generic/libyaml",
                        summary="Which version it was made from, the package does not say")]
    return []


def swift_runtime():
    """The standard library, concurrency, dispatch and FoundationEssentials: inside the programs."""
    version = re.search(r"Swift version (\S+)", said_by("swift", "--version")).group(1)
    return package(
        "swift-runtime", version, f"git+https://github.com/swiftlang/swift@swift-{version}-RELEASE",
        "Apache-2.0 WITH Swift-exception", f"pkg:generic/swift@{version}",
        summary="Standard library, concurrency, dispatch and FoundationEssentials, statically linked")


def debian_packages(programs):
    """Debian's packages of the libraries that the programs ask for by name."""
    names = set()
    for program in PROGRAMS:
        needed = re.findall(r"NEEDED\s+(\S+)", said_by("objdump", "-p", str(programs / program)))
        paths = dict(re.findall(r"(\S+) => (\S+)", said_by("ldd", str(programs / program))))
        for library in needed:
            path = pathlib.Path(paths[library]).resolve() if library in paths else None
            owner = path and owner_of(path)
            if owner:
                names.add(owner)
    found = []
    for name in sorted(names):
        source = said_by("dpkg-query", "--show", "--showformat=${Package} ${Version} ${Architecture}", name)
        package_name, version, architecture = source.split()
        purl = f"pkg:deb/debian/{package_name}@{version}?arch={architecture}"
        found.append(package(package_name, version, "NOASSERTION", "NOASSERTION", purl,
                             supplier="Organization: Debian"))
    return found


def owner_of(path):
    """The package that a library belongs to; nothing: it is not Debian's, as the toolchain's own."""
    for candidate in (str(path), str(path).removeprefix("/usr")):
        query = subprocess.run(["dpkg", "--search", candidate], capture_output=True, text=True)
        if query.returncode == 0:
            return query.stdout.split(": ")[0]
    return None


def document(arguments):
    """All of it."""
    own = package(
        "assetlinkd", arguments.version, "NOASSERTION", "Apache-2.0", f"pkg:generic/assetlinkd@{arguments.version}")
    packages, relationships = [own], []

    def relate(one, kind, other):
        relationships.append(
            {"spdxElementId": one["SPDXID"], "relationshipType": kind, "relatedSpdxElement": other["SPDXID"]})

    relationships.append(
        {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": own["SPDXID"]})
    for entry, inside in swift_packages(arguments.programs):
        packages.append(entry)
        relate(own, "STATIC_LINK", entry)
        for part in inside:
            packages.append(part)
            relate(entry, "CONTAINS", part)
    packages.append(swift_runtime())
    relate(own, "STATIC_LINK", packages[-1])
    for entry in debian_packages(arguments.programs):
        packages.append(entry)
        relate(own, "DYNAMIC_LINK", entry)

    created = datetime.datetime.fromtimestamp(arguments.epoch, datetime.timezone.utc)
    digest = hashlib.sha256(json.dumps([packages, relationships], sort_keys=True).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"assetlinkd-{arguments.version}",
        "documentNamespace": f"https://assetlinkd.example/spdx/assetlinkd-{arguments.version}-{digest[:32]}",
        "creationInfo": {
            "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Organization: the assetlinkd maintainers", "Tool: deploy/deb/sbom.py"],
        },
        "documentDescribes": [own["SPDXID"]],
        "packages": packages,
        "relationships": relationships,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="where the built programs are")
    parser.add_argument("--version", required=True, help="the release")
    parser.add_argument("--epoch", type=int, required=True, help="when it was made, in seconds of the Unix epoch")
    json.dump(document(parser.parse_args()), sys.stdout, indent=2, sort_keys=False)
    sys.stdout.write("\n")


main()
