/// Why an item of a payload is not written: the reason codes of the field.
package enum DiscoveryCode: String, Hashable, Sendable, CaseIterable {
    case invalidInputData = "INVALID_INPUT_DATA"
    case noClassName = "NO_CLASS_NAME_FOR_INDEPENDENT_CI"
    case ruleMissing = "IDENTIFICATION_RULE_MISSING"
    case lookupRuleMissing = "IDENTIFICATION_RULE_FOR_LOOKUP_MISSING"
    case relatedRuleMissing = "IDENTIFICATION_RULE_FOR_RELATED_ITEM_MISSING"
    case missingMatchingAttributes = "MISSING_MATCHING_ATTRIBUTES"
    case requiredAttributeEmpty = "REQUIRED_ATTRIBUTE_EMPTY"
    case missingDependency = "MISSING_DEPENDENCY"
    case multipleDependencies = "MULTIPLE_DEPENDENCIES"
    case qualificationLoop = "QUALIFICATION_LOOP"
    /// An unknown type of relation.
    case metadataRuleMissing = "METADATA_RULE_MISSING"
    case duplicateRelationshipTypes = "DUPLICATE_RELATIONSHIP_TYPES"
    case duplicatePayloadRecords = "DUPLICATE_PAYLOAD_RECORDS"
    case duplicateLookupPayload = "DUPLICATE_LOOKUP_PAYLOAD"
    case duplicateRelatedPayload = "DUPLICATE_RELATED_PAYLOAD"
    case reclassificationNotAllowed = "RECLASSIFICATION_NOT_ALLOWED"
    /// Several CIs match one entry.
    case multipleDuplicateRecords = "MULTIPLE_DUPLICATE_RECORDS"
    /// Entries disagree: one CI matches, and stronger identifiers say otherwise.
    case multiMatch = "MULTI_MATCH"
    case lockTimeout = "LOCK_TIMEOUT"
    /// It waited too long for what it lacks.
    case abandoned = "ABANDONED"

    /// What it lacks may come: the item waits and is tried again.
    package var isParked: Bool {
        switch self {
        case .ruleMissing, .lookupRuleMissing, .relatedRuleMissing, .missingMatchingAttributes, .requiredAttributeEmpty,
            .missingDependency, .metadataRuleMissing, .lockTimeout:
            true
        case .invalidInputData, .noClassName, .multipleDependencies, .qualificationLoop, .duplicateRelationshipTypes,
            .duplicatePayloadRecords, .duplicateLookupPayload, .duplicateRelatedPayload, .reclassificationNotAllowed,
            .multipleDuplicateRecords, .multiMatch, .abandoned:
            false
        }
    }

    /// Nothing is written, and a conflict is opened.
    package var isConflict: Bool { self == .multipleDuplicateRecords || self == .multiMatch }
}

/// A reason code with what it means here.
package struct DiscoveryProblem: Error, Hashable, Sendable {
    package var code: DiscoveryCode
    /// For people: names members and indices, quotes at most a few words of the payload.
    package var detail: String

    package init(_ code: DiscoveryCode, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// A word of the payload, short enough to be quoted.
    static func quoted(_ text: String) -> String {
        "\"" + String(decoding: text.utf8.prefix(60), as: UTF8.self) + (text.utf8.count > 60 ? "…" : "") + "\""
    }
}
