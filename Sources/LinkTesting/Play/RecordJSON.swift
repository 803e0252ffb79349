package import LinkCore
import LinkStore

/// Records and rules as the JSON that the publish functions and the rule tables take.
package enum RecordJSON {
    /// As `ci_class.suspect_limits` has it.
    static func limits(_ limits: [IdentifierKind: Int]) -> String {
        "{" + limits.map { "\(JSONText.string($0.rawValue)): \($1)" }.joined(separator: ", ") + "}"
    }

    package static func asset(_ key: RecordKey, _ record: AssetRecord) -> String {
        JSONText.object([
            "source": JSONText.string(key.source), "asset_id": JSONText.string(key.id),
            "asset_tag": record.assetTag.map { JSONText.string($0) },
            "serial_number": record.serialNumber.map { JSONText.string($0) },
            "other_serials": JSONText.array(record.otherSerials.map { JSONText.string($0) }),
            "uuid": record.uuid.map { JSONText.string($0) },
            "mac_addresses": JSONText.array(record.macAddresses.map { JSONText.string($0) }),
            "name": record.name.map { JSONText.string($0) },
            "manufacturer": record.manufacturer.map { JSONText.string($0) },
            "model": record.model.map { JSONText.string($0) },
            "asset_class": record.assetClass.map { JSONText.string($0) },
            "lifecycle_raw": record.lifecycleRaw.map { JSONText.string($0) },
            "parent_asset_id": record.parentAssetID.map { JSONText.string($0) },
            "position": record.position.map { JSONText.string($0) },
            "cloud_resource_id": record.cloudResourceID.map { JSONText.string($0) },
            "is_composite": record.isComposite ? "true" : "false",
            "attributes": members(record.attributes, record.lists),
        ])
    }

    package static func ci(_ key: RecordKey, _ record: CIRecord) -> String {
        JSONText.object([
            "source": JSONText.string(key.source), "ci_id": JSONText.string(key.id),
            "ci_class": record.ciClass.map { JSONText.string($0) }, "name": record.name.map { JSONText.string($0) },
            "serial_number": record.serialNumber.map { JSONText.string($0) },
            "serials": typed(record.serials),
            "uuid": record.uuid.map { JSONText.string($0) },
            "asset_tag": record.assetTag.map { JSONText.string($0) },
            "network_adapters": JSONText.array(
                record.macAddresses.enumerated().map {
                    JSONText.object(["name": JSONText.string("eth\($0)"), "mac": JSONText.string($1)])
                }),
            "manufacturer": record.manufacturer.map { JSONText.string($0) },
            "model": record.model.map { JSONText.string($0) },
            "cloud_resource_id": record.cloudResourceID.map { JSONText.string($0) },
            "parent_ci_id": record.parentCIID.map { JSONText.string($0) },
            "position": record.position.map { JSONText.string($0) },
            "lifecycle_raw": record.lifecycleRaw.map { JSONText.string($0) },
            "attributes": members(record.attributes, record.lists),
        ])
    }

    private static func members(_ members: [String: String], _ lists: [String: [TypedValue]]) -> String {
        let all = members.mapValues { JSONText.string($0) }.merging(lists.mapValues(typed)) { text, _ in text }
        return "{"
            + all.sorted { $0.key < $1.key }.map { JSONText.string($0) + ":" + $1 }.joined(separator: ",") + "}"
    }

    private static func typed(_ values: [TypedValue]) -> String {
        JSONText.array(
            values.map { JSONText.object(["type": JSONText.string($0.type), "value": JSONText.string($0.value)]) })
    }

    /// A rule as `ci_class.rule` has it.
    package static func rule(_ rule: IdentificationRule) -> String {
        JSONText.object([
            "required": JSONText.array(rule.required.map { JSONText.string($0.signature) }),
            "entries": JSONText.array(rule.entries.map(entry)),
        ])
    }

    private static func entry(_ entry: IdentifierEntry) -> String {
        var type = "regular"
        var allowsNull = false
        switch entry.comparison {
        case .regular(_, let nulls): allowsNull = nulls
        case .lookup: type = "lookup"
        case .hybrid: type = "hybrid"
        }
        let attributes = entry.attributes.map { pair in
            pair.ci == pair.asset
                ? JSONText.string(pair.ci.signature)
                : JSONText.object([
                    "ci": JSONText.string(pair.ci.signature), "asset": JSONText.string(pair.asset.signature),
                ])
        }
        return JSONText.object([
            "priority": String(entry.priority), "type": JSONText.string(type),
            "attributes": attributes.isEmpty ? nil : JSONText.array(attributes),
            "list": entry.lookup.map { JSONText.string($0.list.signature) },
            "types": entry.lookup?.types.map { JSONText.array($0.sorted().map { JSONText.string($0) }) },
            "exact_count": entry.lookup?.exactCount == true ? "true" : nil, "allow_null": allowsNull ? "true" : nil,
            "dependent": entry.isDependent ? "true" : nil,
            "when": conditions(entry.when), "among": conditions(entry.among),
        ])
    }

    private static func conditions(_ conditions: [Condition]) -> String? {
        guard !conditions.isEmpty else { return nil }
        let members = conditions.map {
            JSONText.string($0.attribute.signature) + ":"
                + JSONText.array($0.values.sorted().map { JSONText.string($0) })
        }
        return "{" + members.joined(separator: ",") + "}"
    }
}
