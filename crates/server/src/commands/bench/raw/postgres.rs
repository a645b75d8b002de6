//! The bare PostgreSQL, in the record's own database, on dossiers that no client touches.
//!
//! What it leaves there is no record: the database is only good for measuring.

use postgres::{Client as Connection, NoTls, Row, Statement, types::ToSql};

use super::{Place, Sample, order, rests_on};
use crate::{
    commands::{Wrong, bench::http::Client},
    office::random_id,
};

/// One connection of several, with the rows to be committed.
pub(in crate::commands::bench) struct Raw {
    connection: Connection,
    statements: Statements,
    samples: Vec<Sample>,
    /// The dossiers that are added to; no other connection has them.
    dossiers: Vec<Place>,
    turn: usize,
    now: i64,
}

struct Statements {
    stream: Statement,
    event: Statement,
    unsealed: Statement,
    head: Statement,
    series: Statement,
    dossier: Statement,
    access: Statement,
    changed: Statement,
    found: Statement,
    unsearched: Statement,
    articles: Statement,
    count: Statement,
    outcome: Statement,
}

const SAMPLE: &str = "SELECT e.kind, e.who, e.entered, e.header, e.salt, e.payload, o.request,
        o.versions, o.response
    FROM event e CROSS JOIN LATERAL (SELECT * FROM outcome LIMIT 1) o
    WHERE e.kind = $1 ORDER BY e.recorded DESC LIMIT 1";

const DOSSIERS: &str = "SELECT d.nr, s.id, s.version, d.articles
    FROM dossier d JOIN stream s ON s.name = 'dossier/' || d.id
    WHERE d.id <> ALL ($1) AND NOT d.ended ORDER BY d.id";

impl Raw {
    /// So many connections, after acts of these kinds were taken; the first of them opens a dossier.
    pub(in crate::commands::bench) fn connect(
        url: &str,
        kinds: &[&str],
        clients: &[Client],
    ) -> Result<Vec<Raw>, Wrong> {
        let connections = clients.len();
        let taken: Vec<_> = clients.iter().flat_map(Client::assigned).collect();
        let mut first = Connection::connect(url, NoTls).map_err(wrong)?;
        let samples = kinds.iter().map(|kind| {
            let row = first.query_one(SAMPLE, &[kind]).map_err(wrong)?;
            sample(&row).map_err(wrong)
        });
        let samples = samples.collect::<Result<Vec<_>, _>>()?;
        let rows = first.query(DOSSIERS, &[&taken]).map_err(wrong)?;
        let dossiers = rows.iter().map(place).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let share = dossiers.len() / connections.max(1);
        let shares = dossiers.chunks(share.max(1)).take(connections);
        shares
            .map(|dossiers| {
                let mut client = Connection::connect(url, NoTls).map_err(wrong)?;
                client.batch_execute("SET synchronous_commit = on").map_err(wrong)?;
                let statements = Statements::prepare(&mut client).map_err(wrong)?;
                let (samples, dossiers) = (samples.clone(), dossiers.to_vec());
                Ok(Raw { connection: client, statements, samples, dossiers, turn: 0, now: 0 })
            })
            .collect()
    }

    /// Commits the rows of the next act.
    pub(in crate::commands::bench) fn commit(&mut self) -> Result<(), Wrong> {
        let id = random_id()?;
        self.write(&id).map_err(wrong)
    }

    fn write(&mut self, id: &str) -> Result<(), postgres::Error> {
        let (kind, dossier) = order(self.turn, self.samples.len(), self.dossiers.len());
        self.turn += 1;
        self.now += 1;
        let Raw { connection, statements, samples, dossiers, now, .. } = self;
        let (Some(sample), Some(dossier)) = (samples.get(kind), dossiers.get_mut(dossier)) else {
            return Ok(());
        };
        let mut work = connection.transaction()?;
        if kind == 0 {
            let name = format!("dossier/{id}");
            let stream = work.query_one(&statements.stream, &[&name])?.try_get(0)?;
            let nr = work.query_one(&statements.dossier, &[&id, now])?.try_get(0)?;
            work.execute(&statements.access, &[&nr, now])?;
            work.execute(&statements.unsearched, &[&nr])?;
            let new = Place { nr, stream, version: 1, articles: 0 };
            statements.event(&mut work, sample, &new, *now)?;
            statements.rest_on(&mut work, sample, &new)?;
        } else {
            dossier.version += 1;
            statements.event(&mut work, sample, dossier, *now)?;
            work.execute(&statements.changed, &[&dossier.nr, now])?;
            work.execute(&statements.found, &[&dossier.nr, now])?;
            work.execute(&statements.unsearched, &[&dossier.nr])?;
            statements.rest_on(&mut work, sample, dossier)?;
            dossier.articles |= sample.articles;
        }
        let (request, versions, response) = &sample.outcome;
        let key = format!("{}/{id}", sample.who);
        work.execute(&statements.outcome, &[&key, request, versions, response])?;
        work.commit()
    }
}

impl Statements {
    fn prepare(client: &mut Connection) -> Result<Statements, postgres::Error> {
        let mut prepare = |sql| client.prepare(sql);
        Ok(Statements {
            stream: prepare(
                "INSERT INTO stream (name, version, head) VALUES ($1, 0, '\\x00') RETURNING id",
            )?,
            event: prepare(
                "INSERT INTO event
                    (stream, version, kind, who, entered, recorded, header, salt, payload)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )?,
            unsealed: prepare("INSERT INTO unsealed (stream, version, hash) VALUES ($1, $2, $3)")?,
            head: prepare("UPDATE stream SET version = $2, head = $3 WHERE id = $1")?,
            series: prepare("UPDATE series SET last = last + 1 WHERE name = $1")?,
            dossier: prepare(
                "INSERT INTO dossier (id, department, number, case_number, title, unit, stage,
                    ended, received, changed, grade, due_nominal, due_latest, due_kind,
                    provisional, limits, principals, articles)
                SELECT $1, department, number, case_number, title, unit, stage,
                    ended, received, $2, grade, due_nominal, due_latest, due_kind, provisional,
                    limits, principals, 0
                FROM dossier WHERE nr = (SELECT min(nr) FROM dossier) RETURNING nr",
            )?,
            access: prepare(
                "INSERT INTO access
                    (dossier, principal, ended, due, received, changed, number, stage)
                SELECT $1, principal, ended, due, received, $2, number, stage FROM access
                WHERE dossier = (SELECT min(nr) FROM dossier)",
            )?,
            changed: prepare("UPDATE dossier SET changed = $2 WHERE nr = $1")?,
            found: prepare("UPDATE access SET changed = $2 WHERE dossier = $1")?,
            unsearched: prepare(
                "INSERT INTO unsearched (dossier, turn)
                VALUES ($1, floor(random() * 9007199254740992)::bigint)
                ON CONFLICT (dossier) DO UPDATE SET turn = excluded.turn",
            )?,
            articles: prepare("UPDATE dossier SET articles = $2 WHERE nr = $1")?,
            count: prepare(
                "INSERT INTO article_count AS c (department, article, ended, dossiers)
                SELECT department, a.nr, ended, 1 FROM dossier, unnest($2::bigint[]) a (nr)
                WHERE dossier.nr = $1
                ON CONFLICT (department, article, ended)
                DO UPDATE SET dossiers = c.dossiers + 1",
            )?,
            outcome: prepare(
                "INSERT INTO outcome (key, request, versions, response) VALUES ($1, $2, $3, $4)",
            )?,
        })
    }

    /// The event, its place in the sealer's queue, the head of its stream and the number drawn.
    fn event(
        &self,
        work: &mut postgres::Transaction<'_>,
        sample: &Sample,
        dossier: &Place,
        now: i64,
    ) -> Result<(), postgres::Error> {
        let Place { stream, version, .. } = dossier;
        let Sample { kind, who, entered, header, salt, payload, series, .. } = sample;
        let row: [&(dyn ToSql + Sync); 9] =
            [stream, version, kind, who, entered, &now, header, salt, payload];
        work.execute(&self.event, &row)?;
        work.execute(&self.unsealed, &[stream, version, salt])?;
        work.execute(&self.head, &[stream, version, salt])?;
        if let Some(series) = series {
            work.execute(&self.series, &[series])?;
        }
        Ok(())
    }

    /// The articles that a dossier has not rested on before, and how many dossiers now do.
    fn rest_on(
        &self,
        work: &mut postgres::Transaction<'_>,
        sample: &Sample,
        dossier: &Place,
    ) -> Result<(), postgres::Error> {
        let new: Vec<i64> = dossier.new_articles(sample).collect();
        if new.is_empty() {
            return Ok(());
        }
        let all = dossier.articles | sample.articles;
        work.execute(&self.articles, &[&dossier.nr, &all])?;
        work.execute(&self.count, &[&dossier.nr, &new])?;
        Ok(())
    }
}

fn sample(row: &Row) -> Result<Sample, postgres::Error> {
    let payload: Vec<u8> = row.try_get(5)?;
    let (series, articles) = rests_on(&payload);
    Ok(Sample {
        kind: row.try_get(0)?,
        who: row.try_get(1)?,
        entered: row.try_get(2)?,
        header: row.try_get(3)?,
        salt: row.try_get(4)?,
        payload,
        outcome: (row.try_get(6)?, row.try_get(7)?, row.try_get(8)?),
        series,
        articles,
    })
}

fn place(row: &Row) -> Result<Place, postgres::Error> {
    Ok(Place {
        nr: row.try_get(0)?,
        stream: row.try_get(1)?,
        version: row.try_get(2)?,
        articles: row.try_get::<_, Option<i64>>(3)?.unwrap_or_default(),
    })
}

fn wrong(error: postgres::Error) -> Wrong {
    Wrong::Refused(format!("裸数据库出错：{error}"))
}
