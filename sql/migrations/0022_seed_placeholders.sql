SET LOCAL ROLE assetlink_owner;

-- Placeholders: values that mean "not filled in" and so give no key (the domain rules, section 3).
--
-- Shipped rows; operators add theirs. An exact value is compared after canonicalisation (case, padding and the byte
-- order of a uuid do not matter); a pattern must match the whole canonical or trimmed raw value, case-insensitively.
-- What is dropped on purpose: everything unanchored, strings of mixed 0 and 1, short runs of one digit, and runs of one
-- digit in asset tags, because real serials and tags look like that; text in a uuid or a MAC, because it cannot be
-- read as one and is malformed already.

-- Words in place of a value, in any field of the DMI tables.
INSERT INTO assetlink.placeholder (kind, value, is_pattern, manufacturer, note) VALUES
    ('serial', 'blank', false, NULL, 'no value'),
    ('serial', 'customer', false, NULL, 'no value'),
    ('serial', 'default', false, NULL, 'no value'),
    ('serial', 'device', false, NULL, 'no value'),
    ('serial', 'does not exist', false, NULL, 'no value'),
    ('serial', 'empty', false, NULL, 'no value'),
    ('serial', 'error', false, NULL, 'no value'),
    ('serial', 'generic', false, NULL, 'no value'),
    ('serial', 'invalid', false, NULL, 'no value'),
    ('serial', 'model', false, NULL, 'no value'),
    ('serial', 'n/a', false, NULL, 'no value'),
    ('serial', 'na', false, NULL, 'no value'),
    ('serial', 'nil', false, NULL, 'no value'),
    ('serial', 'no string', false, NULL, 'no value'),
    ('serial', 'none', false, NULL, 'no value'),
    ('serial', 'null', false, NULL, 'no value'),
    ('serial', 'o.e.m.', false, NULL, 'no value'),
    ('serial', 'oem', false, NULL, 'no value'),
    ('serial', 'oem string', false, NULL, 'no value'),
    ('serial', 'reserved', false, NULL, 'no value'),
    ('serial', 'uknown', false, NULL, 'no value'),
    ('serial', 'unclassified device', false, NULL, 'no value'),
    ('serial', 'unde', false, NULL, 'no value'),
    ('serial', 'undefined', false, NULL, 'no value'),
    ('serial', 'unkn', false, NULL, 'no value'),
    ('serial', 'unknow', false, NULL, 'no value'),
    ('serial', 'unknown', false, NULL, 'no value'),
    ('serial', 'unknown (0)', false, NULL, 'no value'),
    ('serial', 'unknown unknown', false, NULL, 'no value'),
    ('serial', 'unspecified', false, NULL, 'no value'),
    ('serial', 'vendor', false, NULL, 'no value'),
    ('asset_tag', 'blank', false, NULL, 'no value'),
    ('asset_tag', 'customer', false, NULL, 'no value'),
    ('asset_tag', 'default', false, NULL, 'no value'),
    ('asset_tag', 'device', false, NULL, 'no value'),
    ('asset_tag', 'does not exist', false, NULL, 'no value'),
    ('asset_tag', 'empty', false, NULL, 'no value'),
    ('asset_tag', 'error', false, NULL, 'no value'),
    ('asset_tag', 'generic', false, NULL, 'no value'),
    ('asset_tag', 'invalid', false, NULL, 'no value'),
    ('asset_tag', 'model', false, NULL, 'no value'),
    ('asset_tag', 'n/a', false, NULL, 'no value'),
    ('asset_tag', 'na', false, NULL, 'no value'),
    ('asset_tag', 'nil', false, NULL, 'no value'),
    ('asset_tag', 'no string', false, NULL, 'no value'),
    ('asset_tag', 'none', false, NULL, 'no value'),
    ('asset_tag', 'null', false, NULL, 'no value'),
    ('asset_tag', 'o.e.m.', false, NULL, 'no value'),
    ('asset_tag', 'oem', false, NULL, 'no value'),
    ('asset_tag', 'oem string', false, NULL, 'no value'),
    ('asset_tag', 'reserved', false, NULL, 'no value'),
    ('asset_tag', 'uknown', false, NULL, 'no value'),
    ('asset_tag', 'unclassified device', false, NULL, 'no value'),
    ('asset_tag', 'unde', false, NULL, 'no value'),
    ('asset_tag', 'undefined', false, NULL, 'no value'),
    ('asset_tag', 'unkn', false, NULL, 'no value'),
    ('asset_tag', 'unknow', false, NULL, 'no value'),
    ('asset_tag', 'unknown', false, NULL, 'no value'),
    ('asset_tag', 'unknown (0)', false, NULL, 'no value'),
    ('asset_tag', 'unknown unknown', false, NULL, 'no value'),
    ('asset_tag', 'unspecified', false, NULL, 'no value'),
    ('asset_tag', 'vendor', false, NULL, 'no value')
ON CONFLICT DO NOTHING;

-- Serial numbers: patterns.
INSERT INTO assetlink.placeholder (kind, value, is_pattern, manufacturer, note) VALUES
    ('serial', '[[(<]+(n/?a|none|null|null string|no string|empty)[])>]+', true, NULL, 'no value'),
    ('serial', '[[(<]+(unknown|undefined|invalid|default|error|not [a-z]+)[])>]+', true, NULL, 'no value'),
    ('serial', 'not[ _-]?(applicable|available|defined|found|installed|known|present)', true, NULL, 'no value'),
    ('serial', 'not[ _-]?(programmed|provided|set|settable|specified|supported|used)', true, NULL, 'no value'),
    ('serial', 'to[ _]be[ _]filled.*', true, NULL, 'firmware default: To Be Filled By O.E.M.'),
    ('serial', '.*default[ _]string.*', true, NULL, 'firmware default: Default string'),
    ('serial', '(<(bad index|out of spec)>)+', true, NULL, 'written by tools for what they could not read'),
    ('serial', '[!-/:-@[-`{-~\s]+', true, NULL, 'punctuation only'),
    ('serial', '0[0 .:_-]*', true, NULL, 'zeros only'),
    ('serial', 'x[x .:_-]*', true, NULL, 'masked'),
    ('serial', '[a-z]{2,5}[ _-]?1234567890[0-9]*', true, NULL, 'firmware default'),
    ('serial', '1+', true, NULL, 'ones only'),
    ('serial', '(2{5,}|3{5,}|4{5,}|5{5,}|6{5,}|7{5,}|8{5,}|9{5,})', true, NULL, 'one digit'),
    ('serial', '(a{5,}|b{5,}|c{5,}|d{5,}|e{5,}|f{5,}|g{5,}|h{5,})', true, NULL, 'one letter'),
    ('serial', '(i{5,}|j{5,}|k{5,}|l{5,}|m{5,}|n{5,}|o{5,}|p{5,})', true, NULL, 'one letter'),
    ('serial', '(q{5,}|r{5,}|s{5,}|t{5,}|u{5,}|v{5,}|w{5,}|y{5,}|z{5,})', true, NULL, 'one letter'),
    ('serial', '\d\.\d(\.\d)?', true, NULL, 'a version number'),
    ('serial', '[a-z0-9 _-]*serial[ _-]?(number|numb|num|no\.?|#)?( x+)?', true, NULL, 'the name of the field'),
    ('serial', '-1', false, NULL, 'a failed query')
ON CONFLICT DO NOTHING;

-- Asset tags: patterns.
INSERT INTO assetlink.placeholder (kind, value, is_pattern, manufacturer, note) VALUES
    ('asset_tag', '[[(<]+(n/?a|none|null|null string|no string|empty)[])>]+', true, NULL, 'no value'),
    ('asset_tag', '[[(<]+(unknown|undefined|invalid|default|error|not [a-z]+)[])>]+', true, NULL, 'no value'),
    ('asset_tag', 'not[ _-]?(applicable|available|defined|found|installed|known|present)', true, NULL, 'no value'),
    ('asset_tag', 'not[ _-]?(programmed|provided|set|settable|specified|supported|used)', true, NULL, 'no value'),
    ('asset_tag', 'to[ _]be[ _]filled.*', true, NULL, 'firmware default: To Be Filled By O.E.M.'),
    ('asset_tag', '.*default[ _]string.*', true, NULL, 'firmware default: Default string'),
    ('asset_tag', '(<(bad index|out of spec)>)+', true, NULL, 'written by tools for what they could not read'),
    ('asset_tag', '[!-/:-@[-`{-~\s]+', true, NULL, 'punctuation only'),
    ('asset_tag', '0[0 .:_-]*', true, NULL, 'zeros only'),
    ('asset_tag', 'x[x .:_-]*', true, NULL, 'masked'),
    ('asset_tag', '[a-z]{2,5}[ _-]?1234567890[0-9]*', true, NULL, 'firmware default'),
    ('asset_tag', '(a{5,}|b{5,}|c{5,}|d{5,}|e{5,}|f{5,}|g{5,}|h{5,})', true, NULL, 'one letter'),
    ('asset_tag', '(i{5,}|j{5,}|k{5,}|l{5,}|m{5,}|n{5,}|o{5,}|p{5,})', true, NULL, 'one letter'),
    ('asset_tag', '(q{5,}|r{5,}|s{5,}|t{5,}|u{5,}|v{5,}|w{5,}|y{5,}|z{5,})', true, NULL, 'one letter'),
    ('asset_tag', '[a-z0-9 _-]*asset[ _-]?tag ?#?', true, NULL, 'the name of the field')
ON CONFLICT DO NOTHING;

-- Serial numbers: exact values.
INSERT INTO assetlink.placeholder (kind, value, is_pattern, manufacturer, note) VALUES
    ('serial', '0123456789', false, NULL, 'digits in order'),
    ('serial', '12345', false, NULL, 'digits in order'),
    ('serial', '123456', false, NULL, 'digits in order'),
    ('serial', '1234567', false, NULL, 'digits in order'),
    ('serial', '12345678', false, NULL, 'digits in order'),
    ('serial', '123456789', false, NULL, 'digits in order'),
    ('serial', '1234567890', false, NULL, 'digits in order'),
    ('serial', '123456789000', false, NULL, 'digits in order'),
    ('serial', '12345678901234567', false, NULL, 'digits in order'),
    ('serial', 'SN-12345', false, NULL, 'firmware default'),
    ('serial', 'SN-123456fvgv3i0b8o5n6n7k', false, NULL, 'firmware default'),
    ('serial', 'SYS-9876543210', false, NULL, 'firmware default'),
    ('serial', 'EVAL', false, NULL, 'evaluation unit'),
    ('serial', 'IATPASS', false, NULL, 'written by a production test'),
    ('serial', 'Tulip Computers', false, NULL, 'the maker in place of the serial'),
    ('serial', 'BUILTIN', false, NULL, 'a part without a serial of its own'),
    ('serial', 'No Asset Information', false, NULL, 'firmware default'),
    ('serial', 'System manufacturer', false, NULL, 'the name of a field'),
    ('serial', 'System Product Name', false, NULL, 'the name of a field'),
    ('serial', 'System Version', false, NULL, 'the name of a field'),
    ('serial', 'Chassis manufacture', false, NULL, 'the name of a field'),
    ('serial', 'Chassis manufacturer', false, NULL, 'the name of a field'),
    ('serial', 'Chassis Version', false, NULL, 'the name of a field')
ON CONFLICT DO NOTHING;

-- Serial numbers of one manufacturer only.
INSERT INTO assetlink.placeholder (kind, value, is_pattern, manufacturer, note) VALUES
    ('serial', 'PCA_number.ACC', false, 'hp', 'base boards of ProLiant Gen11')
ON CONFLICT DO NOTHING;

-- Asset tags: exact values.
INSERT INTO assetlink.placeholder (kind, value, is_pattern, manufacturer, note) VALUES
    ('asset_tag', '0123456789', false, NULL, 'digits in order'),
    ('asset_tag', '1234567890', false, NULL, 'digits in order'),
    ('asset_tag', 'No Asset Information', false, NULL, 'firmware default'),
    ('asset_tag', 'Asset Information', false, NULL, 'firmware default'),
    ('asset_tag', 'System manufacturer', false, NULL, 'the name of a field'),
    ('asset_tag', 'System Product Name', false, NULL, 'the name of a field'),
    ('asset_tag', 'System Version', false, NULL, 'the name of a field'),
    ('asset_tag', 'Chassis manufacture', false, NULL, 'the name of a field'),
    ('asset_tag', 'Chassis manufacturer', false, NULL, 'the name of a field'),
    ('asset_tag', 'Chassis Version', false, NULL, 'the name of a field'),
    ('asset_tag', 'release-keys', false, NULL, 'Android build tag')
ON CONFLICT DO NOTHING;

-- UUIDs. 03000200-… stands for its byte-swapped form too; every form of a value is one.
INSERT INTO assetlink.placeholder (kind, value, is_pattern, manufacturer, note) VALUES
    ('uuid', '(0+|1+|2+|3+|4+|5+|6+|7+|8+|9+|a+|b+|c+|d+|e+|f+)', true, NULL, 'one digit'),
    ('uuid', '01010101-0101-0101-0101-010101010101', false, NULL, 'one byte repeated'),
    ('uuid', 'FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE', false, NULL, 'one byte repeated'),
    ('uuid', 'DEADDEAD-DEAD-DEAD-DEAD-DEADDEADDEAD', false, NULL, 'marker of a failed reading'),
    ('uuid', '03000200-0400-0500-0006-000700080009', false, NULL, 'firmware default'),
    ('uuid', '03020100-0504-0706-0809-0A0B0C0D0E0F', false, NULL, 'bytes in order'),
    ('uuid', '00000000-0000-0000-0807-060504030201', false, NULL, 'bytes in order'),
    ('uuid', '10000000-0000-8000-0040-000000000000', false, NULL, 'firmware default'),
    ('uuid', '6AB5B300-538D-1014-9FB5-B0684D007B53', false, NULL, 'firmware default'),
    ('uuid', '5C4606FA-192F-453A-B299-7B088C63BB9B', false, NULL, 'firmware default of one board'),
    ('uuid', '8A95D198-7F46-11E5-BF8B-08002704D48E', false, NULL, 'firmware default of one board'),
    ('uuid', '4203018E-580F-C1B5-9525-B745CECA79EB', false, NULL, 'shared by the hosts of one cloud image')
ON CONFLICT DO NOTHING;

-- MAC addresses: empty, dial-up and tunnel adapters, virtual adapters of a host, shared dongles.
INSERT INTO assetlink.placeholder (kind, value, is_pattern, manufacturer, note) VALUES
    ('mac', '00:50:56:c0:..:..', true, NULL, 'VMware: adapters of the host'),
    ('mac', '..:..:20:52:41:53', true, NULL, 'dial-up adapter'),
    ('mac', '00:00:00:00:00:00', false, NULL, 'none'),
    ('mac', 'ff:ff:ff:ff:ff:ff', false, NULL, 'broadcast'),
    ('mac', 'fe:ff:ff:ff:ff:ff', false, NULL, 'firmware default'),
    ('mac', '00:fe:00:00:00:01', false, NULL, 'firmware default'),
    ('mac', '00:0b:ca:fe:00:00', false, NULL, 'firmware default'),
    ('mac', '10:11:11:11:11:11', false, NULL, 'firmware default'),
    ('mac', '0a:00:27:00:00:00', false, NULL, 'VirtualBox: adapter of the host'),
    ('mac', '20:41:53:59:4e:ff', false, NULL, 'dial-up adapter'),
    ('mac', '33:50:6f:45:30:30', false, NULL, 'dial-up adapter'),
    ('mac', '50:50:54:50:30:30', false, NULL, 'tunnel adapter'),
    ('mac', '44:45:53:54:00:00', false, NULL, 'dial-up adapter'),
    ('mac', '44:45:53:54:00:01', false, NULL, 'dial-up adapter'),
    ('mac', '44:45:53:54:61:6f', false, NULL, 'dial-up adapter'),
    ('mac', '02:00:4e:43:50:49', false, NULL, 'virtual adapter'),
    ('mac', '02:80:37:ec:02:00', false, NULL, 'modem'),
    ('mac', '00:a0:c6:00:00:00', false, NULL, 'modem'),
    ('mac', 'd2:0a:2d:a0:04:be', false, NULL, 'virtual adapter'),
    ('mac', 'd2:6b:25:2f:2c:e7', false, NULL, 'virtual adapter'),
    ('mac', 'e2:e6:16:20:0a:35', false, NULL, 'virtual adapter'),
    ('mac', '00:01:02:7d:9b:1c', false, NULL, 'shared by many machines'),
    ('mac', '00:08:a1:46:06:35', false, NULL, 'shared by many machines'),
    ('mac', '00:08:a1:66:e2:1a', false, NULL, 'shared by many machines'),
    ('mac', '00:09:dd:10:37:68', false, NULL, 'shared by many machines'),
    ('mac', '00:0f:ea:9a:e2:f0', false, NULL, 'shared by many machines'),
    ('mac', '00:10:5a:72:71:f3', false, NULL, 'shared by many machines'),
    ('mac', '00:11:11:85:08:8b', false, NULL, 'shared by many machines'),
    ('mac', '00:1a:7d:da:71:0a', false, NULL, 'Bluetooth dongles')
ON CONFLICT DO NOTHING;

-- Names.
INSERT INTO assetlink.placeholder (kind, value, is_pattern, manufacturer, note) VALUES
    ('name', '(none)', false, NULL, 'no name was given'),
    ('name', 'localhost', false, NULL, 'no name was given'),
    ('name', 'localhost.localdomain', false, NULL, 'no name was given'),
    ('name', 'n/a', false, NULL, 'no name was given'),
    ('name', 'none', false, NULL, 'no name was given'),
    ('name', 'null', false, NULL, 'no name was given'),
    ('name', 'unknown', false, NULL, 'no name was given')
ON CONFLICT DO NOTHING;

-- Manufacturers.
INSERT INTO assetlink.placeholder (kind, value, is_pattern, manufacturer, note) VALUES
    ('manufacturer', 'empty', false, NULL, 'no value'),
    ('manufacturer', 'n/a', false, NULL, 'no value'),
    ('manufacturer', 'na', false, NULL, 'no value'),
    ('manufacturer', 'none', false, NULL, 'no value'),
    ('manufacturer', 'not applicable', false, NULL, 'no value'),
    ('manufacturer', 'not available', false, NULL, 'no value'),
    ('manufacturer', 'not specified', false, NULL, 'no value'),
    ('manufacturer', 'null', false, NULL, 'no value'),
    ('manufacturer', 'o.e.m', false, NULL, 'no value'),
    ('manufacturer', 'o.e.m.', false, NULL, 'no value'),
    ('manufacturer', 'oem', false, NULL, 'no value'),
    ('manufacturer', 'unknow', false, NULL, 'no value'),
    ('manufacturer', 'unknown', false, NULL, 'no value'),
    ('manufacturer', 'board manufacturer', false, NULL, 'the name of the field'),
    ('manufacturer', 'chassis manufacture', false, NULL, 'the name of the field'),
    ('manufacturer', 'chassis manufacturer', false, NULL, 'the name of the field'),
    ('manufacturer', 'oem chassis manufacturer', false, NULL, 'the name of the field'),
    ('manufacturer', 'stem manufacturer', false, NULL, 'the name of the field'),
    ('manufacturer', 'system manufacter', false, NULL, 'the name of the field'),
    ('manufacturer', 'system manufacturer', false, NULL, 'the name of the field'),
    ('manufacturer', 'system_manufacturer', false, NULL, 'the name of the field'),
    ('manufacturer', 'to[ _]be[ _]filled.*', true, NULL, 'firmware default: To Be Filled By O.E.M.'),
    ('manufacturer', '.*default[ _]string.*', true, NULL, 'firmware default: Default string'),
    ('manufacturer', '[!-/:-@[-`{-~\s]+', true, NULL, 'punctuation only'),
    ('manufacturer', '(<(bad index|out of spec)>)+', true, NULL, 'written by tools for what they could not read')
ON CONFLICT DO NOTHING;
