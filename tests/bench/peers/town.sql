-- The town in PostgreSQL, as somebody who knows it well would do it: duplicates by a key, the windows of a household as the
-- newest day of each life domain in its own row (no second index, and most updates stay on their page), cases by a partial
-- unique index, so that a household has one. What a service is to have is a column of the signal: no row of its own, which is
-- kinder than the mailbox of each recipient that Voordeur keeps. Nothing is sealed, chained, explained or acknowledged.

create table person (bsn bigint primary key, household bigint not null);

create table household (
    id bigint primary key,
    seen bigint[] not null,          -- the newest time of each of eleven life domains; 0: none
    agencies int not null            -- bits
) with (fillfactor = 70);

create table signal (
    source int, id bigint, household bigint not null, domain int not null, occurred bigint not null,
    service int not null, body bytea not null, primary key (source, id)
);

create table regisseur (id int primary key, load int not null);
insert into regisseur select n, 0 from generate_series(1, 20) n;

create table casus (
    id bigint generated always as identity primary key, household bigint not null, regisseur int not null,
    opened bigint not null, closed bigint
);
create unique index one_open_case on casus (household) where closed is null;

-- One row for each regisseur's news.
create table mailbox (seq bigint generated always as identity primary key, regisseur int not null, household bigint not null);

-- As many households as were asked for, each known by one person.
create function fill(households bigint) returns void language sql as $$
    insert into person select n, n from generate_series(0, households - 1) n;
    insert into household select n, array_fill(0::bigint, array[11]), 0 from generate_series(0, households - 1) n;
$$;

-- A case: three life domains from two agencies in 180 days, where none is open. How many were new.
create function ingest(the_source int, ids bigint[], persons bigint[], domains int[], times bigint[], bodies bytea[])
returns int language plpgsql as $$
declare
    fresh int;
    due record;
    holder int;
begin
    -- A person who is new makes a household.
    insert into person
        select distinct i.p, i.p + 1000000000 from unnest(persons) as i(p)
        where not exists (select from person where bsn = i.p) on conflict do nothing;
    if found then
        insert into household
            select p.household, array_fill(0::bigint, array[11]), 0 from person p where p.bsn = any(persons)
            on conflict do nothing;
    end if;
    for due in
        with taken as (
            insert into signal
                select the_source, i.id, p.household, i.d, i.t, i.d, i.b
                from unnest(ids, persons, domains, times, bodies) as i(id, p, d, t, b) join person p on p.bsn = i.p
                on conflict do nothing
                returning household, domain, occurred
        ), newest as (
            select household, domain, max(occurred) as occurred from taken group by household, domain
        ), moved as (
            update household h
                set seen[n.domain] = greatest(h.seen[n.domain], n.occurred), agencies = h.agencies | (1 << (the_source % 30))
                from newest n where h.id = n.household
                returning h.id, h.seen, h.agencies, n.occurred
        )
        select id, occurred from moved
        where (select count(*) from unnest(seen) s where s > occurred - 15552000) >= 3
          and agencies & (agencies - 1) <> 0
    loop
        select r.id into holder from regisseur r order by r.load, r.id limit 1;
        insert into casus (household, regisseur, opened) values (due.id, holder, due.occurred) on conflict do nothing;
        if found then
            update regisseur set load = load + 1 where id = holder;
            insert into mailbox (regisseur, household) values (holder, due.id);
        end if;
    end loop;
    return cardinality(ids);
end $$;
