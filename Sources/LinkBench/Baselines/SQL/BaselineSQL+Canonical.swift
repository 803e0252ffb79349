extension BaselineSQL {
    /// What raw values mean, as far as sample fleets hold them: short expressions that PostgreSQL inlines.
    static let canonical = """
        -- A serial number or asset tag; null when empty. Most are canonical already: one look says so.
        CREATE FUNCTION bench.label(raw text) RETURNS text IMMUTABLE LANGUAGE sql RETURN
            CASE WHEN raw ~ '^[A-Z0-9./-]+$' THEN raw ELSE
                nullif(upper(regexp_replace(btrim(regexp_replace(
                    -- Control and format characters are dropped.
                    CASE WHEN raw ~ '[^\\x01-\\x7f]' THEN normalize(raw, NFKC) ELSE raw END,
                    '[\\x01-\\x1f\\x7f-\\x9f\\u00ad\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\ufeff]', '', 'g')),
                    ' {2,}', ' ', 'g')), '')
            END;

        -- The smaller byte order of each of the two parts that writers swap.
        CREATE FUNCTION bench.smaller(a text, b text) RETURNS text IMMUTABLE LANGUAGE sql RETURN
            CASE WHEN a COLLATE "C" < b THEN a ELSE b END;

        -- A uuid; null when it cannot be read as one.
        CREATE FUNCTION bench.uuid_of(raw text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
        DECLARE
            x text := translate(lower(raw), '{}- ', '');
        BEGIN
            IF x !~ '^[0-9a-f]{32}$' THEN
                RETURN NULL;
            END IF;
            RETURN bench.smaller(substr(x, 1, 8), substr(x, 7, 2) || substr(x, 5, 2) || substr(x, 3, 2) || substr(x, 1, 2))
                || bench.smaller(substr(x, 9, 8), substr(x, 11, 2) || substr(x, 9, 2) || substr(x, 15, 2) || substr(x, 13, 2))
                || substr(x, 17);
        END
        $$;

        -- A MAC address; null when it cannot be read as one.
        CREATE FUNCTION bench.mac_of(raw text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
        DECLARE
            x text := translate(lower(raw), ':-. ', '');
        BEGIN
            IF x !~ '^[0-9a-f]{12}$' THEN
                RETURN NULL;
            END IF;
            RETURN substr(x, 1, 2) || ':' || substr(x, 3, 2) || ':' || substr(x, 5, 2) || ':' || substr(x, 7, 2) || ':'
                || substr(x, 9, 2) || ':' || substr(x, 11, 2);
        END
        $$;
        """
}
