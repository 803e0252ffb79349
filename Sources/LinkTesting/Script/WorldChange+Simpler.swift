import LinkCore

/// A field of a record that can be left out.
enum SimplerField: CaseIterable {
    case serial, serials, uuid, tag, macs, name, manufacturer, cloud, parent, position, lifecycle, attributes, composite
}

extension WorldChange {
    /// What could be left out of the record that it writes.
    var simpler: [SimplerField] {
        switch self {
        case .upsertAsset, .upsertCI: SimplerField.allCases
        default: []
        }
    }

    /// Without a field; `nil` where there is nothing of it.
    func simplified(like field: SimplerField) -> WorldChange? {
        switch self {
        case .upsertAsset(let key, let record):
            let simpler = record.without(field)
            return simpler == record ? nil : .upsertAsset(key, simpler)
        case .upsertCI(let key, let record):
            let simpler = record.without(field)
            return simpler == record ? nil : .upsertCI(key, simpler)
        default: return nil
        }
    }
}

extension AssetRecord {
    fileprivate func without(_ field: SimplerField) -> AssetRecord {
        var record = self
        switch field {
        case .serial: record.serialNumber = nil
        case .serials: record.otherSerials = []
        case .uuid: record.uuid = nil
        case .tag: record.assetTag = nil
        case .macs: record.macAddresses = []
        case .name: record.name = nil
        case .manufacturer: record.manufacturer = nil
        case .cloud: record.cloudResourceID = nil
        case .parent: record.parentAssetID = nil
        case .position: record.position = nil
        case .lifecycle: record.lifecycleRaw = nil
        case .attributes: (record.attributes, record.lists) = ([:], [:])
        case .composite: record.isComposite = false
        }
        return record
    }
}

extension CIRecord {
    fileprivate func without(_ field: SimplerField) -> CIRecord {
        var record = self
        switch field {
        case .serial: record.serialNumber = nil
        case .serials: record.serials = []
        case .uuid: record.uuid = nil
        case .tag: record.assetTag = nil
        case .macs: record.macAddresses = []
        case .name: record.name = nil
        case .manufacturer: record.manufacturer = nil
        case .cloud: record.cloudResourceID = nil
        case .parent: record.parentCIID = nil
        case .position: record.position = nil
        case .lifecycle: record.lifecycleRaw = nil
        case .attributes: (record.attributes, record.lists) = ([:], [:])
        case .composite: break
        }
        return record
    }
}
