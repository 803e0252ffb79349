import LinkConfiguration
import Testing
import Yams

@Suite struct ConfigurationFileTests {
    /// What is taken means the same to a whole YAML parser.
    @Test(arguments: [
        "a:\n  b: 1\n", "# c\n\na:\n  b: plain words # comment\n  c: 'it''s'\n  d: \"x\\\"y\\\\z\\n\"\nb:\n    e: -5\n",
        "---\na:\n  b: host=/run dbname=x\n", "a:\n  b:\n  c: ~\n  d: null\n  e: x\n", "a:\r\n  b: 1\r\n",
        "a:\n  b: x#y\n",
        "a:   # section\n  b: \"# no comment\"   # one\n", "a:\n  b: 2.5\n  c: true\n",
    ])
    func meansWhatYAMLMeans(text: String) throws {
        let ours = try ConfigurationFile(text).entries.mapValues(\.text)
        var theirs: [String: String] = [:]
        for (section, settings) in try #require(try Yams.compose(yaml: text)?.mapping) {
            for (name, value) in try #require(settings.mapping) where value.tag != Tag(.null) {
                theirs["\(section.string ?? "").\(name.string ?? "")"] = value.scalar?.string
            }
        }
        #expect(ours == theirs)
        #expect(!ours.isEmpty)
    }

    @Test(arguments: [
        ("a: 1\n", 1), ("  a: 1\n", 1), ("a:\n  b: 1\n   c: 2\n", 3), ("a:\n  b: 1\n  b: 2\n", 3),
        ("a:\n  b: 1\na:\n", 3),
        ("a:\n\tb: 1\n", 2), ("a:\n  b: [1]\n", 2), ("a:\n  b: {c: 1}\n", 2), ("a:\n  - b\n", 2),
        ("a:\n  b: |\n    x\n", 2),
        ("a:\n  b: &x 1\n", 2), ("a:\n  b: *x\n", 2), ("a:\n  b: !t 1\n", 2), ("a:\n  b: 'x\n", 2),
        ("a:\n  b: \"x\" y\n", 2),
        ("a:\n  b: \"\\q\"\n", 2), ("a:\n  b: x: y\n", 2), ("a:\n  B: 1\n", 2), ("a:\n  b:1\n", 2),
        ("a:\n  \"b\": 1\n", 2),
        ("a:\n  b: @x\n", 2), ("nonsense\n", 1), ("a:\n  b: %x\n", 2), ("a:\n  ? b\n", 2), ("<<:\n", 1),
    ])
    func whatIsNotTakenIsNamedByItsLine(text: String, line: Int) throws {
        let problem = #expect(throws: ConfigurationFile.Problem.self) { try ConfigurationFile(text) }
        #expect(problem?.line == line)
    }

    @Test func noProblemQuotesAValue() {
        for start in ["", "'", "\"", "[", "{", "&", "*", "|", "x: ", "\"\\q", "-", "@", "%", "\t"] {
            do throws(ConfigurationFile.Problem) {
                _ = try ConfigurationFile("a:\n  password: \(start)C4N4RY: [\n")
            } catch {
                #expect(!"\(error)".contains("C4N4RY"))
            }
        }
    }
}
