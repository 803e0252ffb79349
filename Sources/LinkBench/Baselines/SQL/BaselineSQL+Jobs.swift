extension BaselineSQL {
    /// A job queue of one row an event, and who empties it: a worker one by one, or sets of some thousand.
    static let jobs = """
        CREATE TABLE bench.job (job_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, side text NOT NULL, id bigint NOT NULL);

        -- One job, one transaction: link, state and audit row. False when there is none left.
        CREATE FUNCTION bench.work_one() RETURNS boolean LANGUAGE plpgsql AS $$
        DECLARE
            j bench.job;
        BEGIN
            DELETE FROM bench.job WHERE job_id = (
                SELECT job_id FROM bench.job ORDER BY job_id FOR UPDATE SKIP LOCKED LIMIT 1)
            RETURNING * INTO j;
            IF j IS NULL THEN
                RETURN false;
            END IF;
            PERFORM bench.relink(CASE j.side WHEN 'asset' THEN bench.take_assets(ARRAY[j.id]) ELSE bench.take_cis(ARRAY[j.id]) END, NULL);
            RETURN true;
        END
        $$;

        -- A set of jobs, one transaction, with its place in the chain. The number of jobs taken.
        CREATE FUNCTION bench.work_many(most integer) RETURNS integer LANGUAGE plpgsql AS $$
        DECLARE
            assets bigint[];
            cis bigint[];
            refs bigint[];
        BEGIN
            WITH taken AS (
                DELETE FROM bench.job WHERE job_id IN (SELECT job_id FROM bench.job ORDER BY job_id LIMIT most)
                RETURNING side, id)
            SELECT array_agg(DISTINCT id) FILTER (WHERE side = 'asset'), array_agg(DISTINCT id) FILTER (WHERE side = 'ci')
            INTO assets, cis FROM taken;
            IF assets IS NOT NULL THEN
                refs := bench.take_assets(assets);
            END IF;
            IF cis IS NOT NULL THEN
                refs := ARRAY(SELECT unnest(refs) UNION SELECT unnest(bench.take_cis(cis)));
            END IF;
            IF refs IS NOT NULL THEN
                PERFORM bench.relink(refs, (SELECT coalesce(max(batch_id), 0) + 1 FROM bench.batch));
            END IF;
            RETURN coalesce(cardinality(assets), 0) + coalesce(cardinality(cis), 0);
        END
        $$;
        """

    /// The same in the writer's own transaction.
    static let trigger = """
        CREATE FUNCTION bench.relink_at_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM bench.relink(bench.take_assets(ARRAY(SELECT asset_id FROM bench_new)),
                (SELECT coalesce(max(batch_id), 0) + 1 FROM bench.batch));
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER bench_relink AFTER UPDATE ON itam.asset REFERENCING NEW TABLE AS bench_new
            FOR EACH STATEMENT EXECUTE FUNCTION bench.relink_at_once();
        """

    /// Settings of a session that takes jobs one by one: steps are index probes, whatever the statistics say.
    static let workerSession = """
        SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;
        SET jit = off;
        """

    /// Settings of a session that takes sets: planned anew for each, by its true size, so that what was gathered is
    /// joined by hashing and stored rows are probed.
    static let setSession = """
        SET plan_cache_mode = force_custom_plan; SET enable_seqscan = off; SET work_mem = '256MB'; SET jit = off;
        """

    /// CIs whose state or active link differs between the daemon's tables and the baseline's.
    ///
    /// Not stale links: they are history, and depend on how changes fell into batches (domain.md, first paragraph).
    static let differences = """
        WITH ours AS (
            SELECT c.key, d.state, d.reason, a.key AS asset, d.entry_priority,
                CASE d.link_status WHEN 'active' THEN l.key END AS link
            FROM assetlink_internal.ci_decision AS d
            JOIN assetlink_internal.ci AS c USING (ci_ref)
            LEFT JOIN assetlink_internal.asset AS a ON a.asset_ref = d.claim_asset
            LEFT JOIN assetlink_internal.asset AS l ON l.asset_ref = d.link_asset
        ), theirs AS (
            SELECT c.key, d.state, d.reason, a.key AS asset, d.entry_priority,
                CASE d.link_status WHEN 'active' THEN l.key END AS link
            FROM bench.ci_decision AS d
            JOIN bench.ci AS c USING (ci_ref)
            LEFT JOIN bench.asset AS a ON a.asset_ref = d.claim_asset
            LEFT JOIN bench.asset AS l ON l.asset_ref = d.link_asset
        )
        SELECT o.key, coalesce(o::text, 'nothing'), coalesce(t::text, 'nothing')
        FROM ours AS o FULL JOIN theirs AS t USING (key)
        WHERE o IS DISTINCT FROM t
        LIMIT 20
        """
}
