#!/usr/bin/env python3
"""Generate Sources/LinkCore/Canonical/UnicodeTables.swift from the Unicode Character Database.

Usage:  deploy/generate-unicode-tables.py [UCD] > Sources/LinkCore/Canonical/UnicodeTables.swift

UCD is the folder with UnicodeData.txt and DerivedNormalizationProps.txt; the default is where Debian's package
`unicode-data` puts them. The output depends on nothing but those two files, so a second run gives the same bytes.

What is written, each as one string of numbers (see `packed`):
  decompositions  full compatibility decomposition (NFKD) of every code point that has one, Hangul syllables left
                  out because they are computed: delta of the code point, length, then per scalar the difference
                  to the scalar before it (zigzag), starting from the first scalar of the entry before
  combining       canonical combining classes other than 0: delta of the first code point of a range, its length
                  less one, the class
  compositions    primary composites: delta of the composite, its two scalars (each as the zigzag difference to
                  the same scalar of the entry before)
  formats         ranges of general category Cf: delta of the first code point, length less one

A number is written in base 32, low digit first, one character per digit from ALPHABET; every digit but the last of a
number is taken from the upper half of the alphabet.
"""

import sys

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
WIDTH = 110


def packed(numbers):
    """The numbers as text."""
    out = []
    for number in numbers:
        while number >= 32:
            out.append(ALPHABET[32 + number % 32])
            number //= 32
        out.append(ALPHABET[number])
    return "".join(out)


def zigzag(number):
    """A signed number as an unsigned one: 0, -1, 1, -2 … become 0, 1, 2, 3 …"""
    return number * 2 if number >= 0 else -number * 2 - 1


def read_data(folder):
    """Per code point: its general category, its combining class, its own decomposition and whether that is canonical."""
    category, combining, decomposition, canonical = {}, {}, {}, set()
    first = None
    with open(f"{folder}/UnicodeData.txt", encoding="ascii") as lines:
        for line in lines:
            fields = line.rstrip("\n").split(";")
            code = int(fields[0], 16)
            if fields[1].endswith(", First>"):
                first = code
                continue
            for each in range(first if first is not None else code, code + 1):
                category[each] = fields[2]
            first = None
            if fields[3] != "0":
                combining[code] = int(fields[3])
            if fields[5]:
                words = fields[5].split()
                if not words[0].startswith("<"):
                    canonical.add(code)
                decomposition[code] = [int(word, 16) for word in words if not word.startswith("<")]
    return category, combining, decomposition, canonical


def read_exclusions(folder):
    """Code points that never result from composition (Full_Composition_Exclusion), and the version of the data."""
    excluded = set()
    with open(f"{folder}/DerivedNormalizationProps.txt", encoding="utf-8") as lines:
        version = next(lines).strip("# \n").removeprefix("DerivedNormalizationProps-").removesuffix(".txt")
        for line in lines:
            fields = [field.strip() for field in line.split("#")[0].split(";")]
            if len(fields) == 2 and fields[1] == "Full_Composition_Exclusion":
                ends = [int(end, 16) for end in fields[0].split("..")]
                excluded.update(range(ends[0], ends[-1] + 1))
    return excluded, version


def ranges(items):
    """Neighbouring code points of equal value as (first, last, value)."""
    result = []
    for code, value in sorted(items):
        if result and result[-1][1] == code - 1 and result[-1][2] == value:
            result[-1][1] = code
        else:
            result.append([code, code, value])
    return result


def main():
    """Read the data, write the Swift file to standard output."""
    folder = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/unicode"
    category, combining, decomposition, canonical = read_data(folder)
    excluded, version = read_exclusions(folder)

    def full(code):
        return [scalar for part in decomposition[code] for scalar in full(part)] if code in decomposition else [code]

    decompositions, last, before = [], 0, 0
    for code in sorted(decomposition):
        scalars = full(code)
        decompositions += [code - last, len(scalars)]
        previous = before
        for scalar in scalars:
            decompositions.append(zigzag(scalar - previous))
            previous = scalar
        last, before = code, scalars[0]

    classes, last = [], 0
    for start, end, value in ranges(combining.items()):
        classes += [start - last, end - start, value]
        last = start

    compositions, last, pair = [], 0, (0, 0)
    for code in sorted(canonical - excluded):
        first, second = decomposition[code]
        compositions += [code - last, zigzag(first - pair[0]), zigzag(second - pair[1])]
        last, pair = code, (first, second)

    formats, last = [], 0
    for start, end, _ in ranges((code, "Cf") for code, value in category.items() if value == "Cf"):
        formats += [start - last, end - start]
        last = start

    tables = [
        ("decompositions", "Full compatibility decompositions.", decompositions),
        ("combining", "Canonical combining classes other than 0, by range.", classes),
        ("compositions", "Primary composites and the pairs that they are made of.", compositions),
        ("formats", "General category Cf, by range.", formats),
    ]
    print(f"// Made by deploy/generate-unicode-tables.py from the Unicode Character Database {version}; do not edit.")
    print("// The generator's own text says how the numbers are packed; `UnicodeData` reads them.")
    print()
    print("/// The tables of the Unicode Character Database that NFKC needs, packed.")
    print("enum UnicodeTables {")
    print("    /// The version of the database.")
    print(f'    static let version = "{version}"')
    for name, summary, numbers in tables:
        text = packed(numbers)
        print()
        print(f"    /// {summary}")
        print(f'    static let {name}: StaticString = """')
        for start in range(0, len(text), WIDTH):
            end = "\\" if start + WIDTH < len(text) else ""
            print(f"        {text[start:start + WIDTH]}{end}")
        print('        """')
    print("}")


if __name__ == "__main__":
    main()
