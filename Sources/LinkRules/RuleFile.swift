package import LinkCore

/// Something in a rule file that can be pointed at.
package enum RuleSubject: Hashable, Sendable {
    case section(RuleSection)
    case ruleClass(String)
    /// An entry of a class's own rule, by its index.
    case entry(String, Int)
    /// By its index in the rule set.
    case placeholder(Int)
    case alias(String)
}

/// A rule file as it was read: what it says, where it says it, and what is wrong with its form.
package struct RuleFile: Sendable {
    /// The rules; the tables of sections that the file has not are empty.
    package var ruleSet: RuleSet
    /// What the file has.
    package var sections: Set<RuleSection> = []
    /// Where things stand.
    package var places: [RuleSubject: Place] = [:]
    /// In the order of the file.
    package var problems: [RuleProblem] = []

    /// Whether nothing is wrong with its form.
    package var isSound: Bool { !problems.contains { $0.severity == .error } }

    /// The rules with everything that the file has not taken from those in force.
    package func completed(by base: RuleSet) -> RuleSet {
        var result = ruleSet
        result.version = base.version
        if !sections.contains(.classes) { result.classes = base.classes }
        if !sections.contains(.placeholders) { result.placeholders = base.placeholders }
        if !sections.contains(.lifecycle) { result.lifecycle = base.lifecycle }
        if !sections.contains(.manufacturers) { result.manufacturerAliases = base.manufacturerAliases }
        if !sections.contains(.suspectLimits) { result.suspectLimits = base.suspectLimits }
        return result
    }

    /// Reads a file.
    package static func read(yaml text: String) -> RuleFile { RuleFileReader.read(text) }

    /// Reads the document of a version, as the database shows it.
    package static func read(json text: String) -> RuleFile {
        RuleFileReader.read(DocumentValue.readable(json: text))
    }
}
