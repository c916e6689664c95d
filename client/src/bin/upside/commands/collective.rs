//! `upside collective`

use anchor_lang::prelude::Pubkey;
use clap::{Args, Subcommand};
use serde_json::{json, Value};
use upside_client::{
    accounts, amount,
    instructions::{Admit, Apply, CreateCollective, Join, RevokeAdmission, WithdrawApplication},
    quote,
    time::{self, countdown, date_to_text, duration_to_text},
    upside::{
        constants::MAX_VAULTS,
        instructions::collective::CreateCollectiveArgs,
        state::{Collective, Member, MemberStatus},
    },
    Sender,
};

use super::print_done;
use crate::{
    app::{positive, App, Token},
    failure::{Failure, Result},
    output::{self, amount_json},
    plan::{carry_out, Plan},
};

/// How long a consent holds after the first moment at which it can be used, unless said otherwise.
const CONSENT_SECONDS: i64 = 30 * 86_400;

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fix the rule by which others join a security of yours: the same for every member, for good.
    #[command(
        after_help = "Example: upside collective create MINT --gives 10 --receives 1000 --vesting 4y\n\nEach member gives that percentage of what its security may ever issue, out of shares that exist, and is granted the same\nnumber of shares of the collective."
    )]
    Create(Create),
    /// Apply with a security of yours; nothing moves. It can join when its notice is over and the collective's issuer consents.
    #[command(after_help = "Example: upside collective apply SCHOOL_MINT MY_MINT")]
    Apply(Pair),
    /// Take an application back.
    #[command(after_help = "Example: upside collective withdraw SCHOOL_MINT MY_MINT")]
    Withdraw(Pair),
    /// Consent to an application, exactly as it is.
    #[command(after_help = "Example: upside collective admit SCHOOL_MINT THEIR_MINT --until 30d")]
    Admit {
        /// The collective and who applied.
        #[command(flatten)]
        pair: Pair,
        /// The consent holds until: a date, or a duration from now [default: 30 days after it can first be used].
        #[arg(long, value_name = "DATE|DURATION")]
        until: Option<String>,
    },
    /// Take consent back that was not used.
    #[command(after_help = "Example: upside collective revoke SCHOOL_MINT THEIR_MINT")]
    Revoke(Pair),
    /// Join: give the agreed part of your shares, receive the grant.
    #[command(after_help = "Example: upside collective join SCHOOL_MINT MY_MINT --dry-run")]
    Join(Pair),
    /// List members and applications of a collective, or the memberships of a security.
    #[command(
        after_help = "Example: upside collective list SCHOOL_MINT\n         upside collective list --of MY_MINT"
    )]
    List {
        /// Share mint of the collective.
        #[arg(required_unless_present = "of")]
        collective: Option<Pubkey>,
        /// Share mint of a member: what it joined and applied to.
        #[arg(long, value_name = "MINT", conflicts_with = "collective")]
        of: Option<Pubkey>,
    },
}

/// `collective create`
#[derive(Debug, Args)]
pub struct Create {
    /// Share mint.
    token: Pubkey,
    /// Percent of its authorised supply that each member gives.
    #[arg(long, value_name = "PERCENT")]
    gives: String,
    /// Shares of the collective that each member is granted.
    #[arg(long, value_name = "AMOUNT")]
    receives: String,
    /// Nothing of the grant vests before, counted from joining.
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    cliff: String,
    /// All of the grant has vested, counted from joining.
    #[arg(long, value_name = "DURATION")]
    vesting: String,
}

/// A collective and a member.
#[derive(Debug, Args)]
pub struct Pair {
    /// Share mint of the collective.
    collective: Pubkey,
    /// Share mint of the member.
    member: Pubkey,
}

/// What people call a status.
pub fn status_name(status: MemberStatus) -> &'static str {
    match status {
        MemberStatus::Applied => "applied",
        MemberStatus::Admitted => "admitted",
        MemberStatus::Joined => "joined",
    }
}

/// Runs `upside collective`.
pub fn run(app: &App, command: Command) -> Result<()> {
    match command {
        Command::Create(args) => create(app, &args),
        Command::Apply(pair) => apply(app, &Both::read(app, &pair)?),
        Command::Withdraw(pair) => withdraw(app, &Both::read(app, &pair)?),
        Command::Admit { pair, until } => admit(app, &Both::read(app, &pair)?, until.as_deref()),
        Command::Revoke(pair) => revoke(app, &Both::read(app, &pair)?),
        Command::Join(pair) => join(app, &Both::read(app, &pair)?),
        Command::List { collective, of } => list(app, collective, of),
    }
}

/// A collective with its rule, and a security that is or may become a member.
struct Both {
    collective: Token,
    rule: Collective,
    member: Token,
}

impl Both {
    fn read(app: &App, pair: &Pair) -> Result<Self> {
        let collective = app.token(&pair.collective)?;
        Ok(Self {
            rule: rule_of(app, &collective)?,
            member: app.token(&pair.member)?,
            collective,
        })
    }

    /// The application, if it was made and has not been withdrawn.
    fn found(&self, app: &App) -> Result<Option<Member>> {
        let address = self.collective.keys.member(&self.member.keys.security);
        Ok(accounts::find(app.sender()?, &address)?)
    }

    fn application(&self, app: &App) -> Result<Member> {
        self.found(app)?.ok_or_else(|| {
            Failure::input(format!(
                "{} has not applied to {}",
                self.member.symbol, self.collective.symbol
            ))
            .remedy(format!(
                "its issuer can run `upside collective apply {} {}`",
                self.collective.keys.mint, self.member.keys.mint
            ))
        })
    }

    fn earliest(&self, member: &Member) -> Result<i64> {
        member
            .earliest_join(self.collective.security.notice_seconds)
            .map_err(|error| upside_client::ClientError::from(error).into())
    }

    fn json(&self) -> Value {
        json!({
            "collective": self.collective.keys.mint.to_string(),
            "member": self.member.keys.mint.to_string(),
            "membership": self.collective.keys.member(&self.member.keys.security).to_string(),
        })
    }
}

fn rule_of(app: &App, token: &Token) -> Result<Collective> {
    accounts::find_collective(app.sender()?, &token.keys.security)?.ok_or_else(|| {
        Failure::input(format!("nobody can join {}: it has no rule", token.symbol)).remedy(format!(
            "its issuer can run `upside collective create {}`",
            token.keys.mint
        ))
    })
}

/// The rule of a collective, one sentence each.
fn rule_sentences(token: &Token, rule: &Collective) -> Vec<String> {
    let vests = if rule.vesting_seconds == 0 {
        "at once".to_owned()
    } else if rule.cliff_seconds == 0 {
        format!("over {}", duration_to_text(rule.vesting_seconds))
    } else {
        format!(
            "over {}, nothing before {}",
            duration_to_text(rule.vesting_seconds),
            duration_to_text(rule.cliff_seconds)
        )
    };
    vec![
        format!(
            "Every member gives {}% of what its security may ever issue, out of shares that exist.",
            amount::to_plain(rule.contribution_bps, 2)
        ),
        format!(
            "Every member is granted {}, which vest {vests}; nobody can revoke them.",
            token.shares(rule.shares_atoms)
        ),
    ]
}

fn create(app: &App, args: &Create) -> Result<()> {
    let token = app.token(&args.token)?;
    let actor = app.signing_actor()?;
    let asked = CreateCollectiveArgs {
        contribution_bps: amount::parse_bps(&args.gives)?,
        shares: positive(&args.receives, token.security.decimals)?,
        cliff_seconds: time::parse_duration(&args.cliff)?,
        vesting_seconds: time::parse_duration(&args.vesting)?,
    };
    let rule = Collective {
        contribution_bps: asked.contribution_bps,
        shares_atoms: asked.shares,
        cliff_seconds: asked.cliff_seconds,
        vesting_seconds: asked.vesting_seconds,
        ..bytemuck::Zeroable::zeroed()
    };
    let places = u64::from(MAX_VAULTS.saturating_sub(token.security.vault_count));
    let room = (quote::capacity_left(&token.security) / asked.shares).min(places);
    let mut irreversible = rule_sentences(&token, &rule);
    irreversible.push("The rule never changes, so that all members join on equal terms.".to_owned());
    irreversible.push(format!(
        "There is room for {room} members: each takes one of {places} vaults that are left, and {} of what can still be issued.",
        token.shares(asked.shares)
    ));
    let plan = Plan {
        what: format!("Let others join {}", token.symbol),
        irreversible,
        instructions: vec![CreateCollective {
            keys: &token.keys,
            payer: app.payer()?.address,
            issuer: actor.address,
            args: asked,
        }
        .instruction()],
        actor,
        expects: "CollectiveCreated",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    print_done(
        app,
        &receipt,
        &[format!(
            "Others can apply to {} now: upside collective apply {} THEIR_MINT",
            token.symbol, token.keys.mint
        )],
        json!({
            "mint": token.keys.mint.to_string(),
            "collective": token.keys.collective().to_string(),
            "room": room,
        }),
    );
    Ok(())
}

fn apply(app: &App, both: &Both) -> Result<()> {
    let (collective, member) = (&both.collective, &both.member);
    let actor = app.signing_actor()?;
    let gives = both
        .rule
        .contribution_of(member.security.authorised_atoms)
        .map_err(upside_client::ClientError::from)?;
    let notice = duration_to_text(collective.security.notice_seconds);
    let plan = Plan {
        what: format!("Apply to {} with {}", collective.symbol, member.symbol),
        irreversible: Vec::new(),
        instructions: vec![Apply {
            keys: &collective.keys,
            member: &member.keys,
            payer: app.payer()?.address,
            wallet: actor.address,
        }
        .instruction()],
        actor,
        expects: "MemberApplied",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let mut result = both.json();
    result["gives"] = amount_json(gives, member.security.decimals);
    result["receives"] = amount_json(both.rule.shares_atoms, collective.security.decimals);
    print_done(
        app,
        &receipt,
        &[
            format!("{} has applied to {}. Nothing has moved.", member.symbol, collective.symbol),
            format!(
                "It can join {notice} from now at the earliest, if the issuer of {} consents: it then gives {} and is granted {}.",
                collective.symbol,
                member.shares(gives),
                collective.shares(both.rule.shares_atoms)
            ),
        ],
        result,
    );
    Ok(())
}

fn withdraw(app: &App, both: &Both) -> Result<()> {
    let application = both.application(app)?;
    let actor = app.signing_actor()?;
    let plan = Plan {
        what: format!(
            "Take the application of {} to {} back",
            both.member.symbol, both.collective.symbol
        ),
        irreversible: Vec::new(),
        instructions: vec![WithdrawApplication {
            keys: &both.collective.keys,
            member: &both.member.keys,
            signer: actor.address,
            rent_payer: application.rent_payer,
        }
        .instruction()],
        actor,
        expects: "ApplicationWithdrawn",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    print_done(
        app,
        &receipt,
        &[format!(
            "{} no longer applies to {}.",
            both.member.symbol, both.collective.symbol
        )],
        both.json(),
    );
    Ok(())
}

fn admit(app: &App, both: &Both, until: Option<&str>) -> Result<()> {
    let (collective, member) = (&both.collective, &both.member);
    let application = both.application(app)?;
    let actor = app.signing_actor()?;
    let now = app.sender()?.now()?;
    let earliest = both.earliest(&application)?.max(now);
    let expires_ts = match until {
        Some(text) => time::parse_date_or_after(text, now)?,
        None => earliest.saturating_add(CONSENT_SECONDS),
    };
    if expires_ts <= earliest {
        return Err(Failure::input(format!(
            "the consent would end at {}, and {} can join at {} at the earliest",
            date_to_text(expires_ts),
            member.symbol,
            date_to_text(earliest)
        ))
        .remedy("let it hold longer, with --until"));
    }
    let plan = Plan {
        what: format!("Admit {} to {}", member.symbol, collective.symbol),
        irreversible: vec![
            format!(
                "Until {} it can join whenever it wants, from {} on; until it does, the consent can be taken back.",
                date_to_text(expires_ts),
                date_to_text(earliest)
            ),
            format!(
                "It then gives {}, and {} are promised to {}.",
                member.shares(application.contribution_atoms),
                collective.shares(application.shares_atoms),
                application.wallet
            ),
        ],
        instructions: vec![Admit::to(&collective.keys, actor.address, &application, expires_ts).instruction()],
        actor,
        expects: "MemberAdmitted",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let mut result = both.json();
    result["earliest"] = date_to_text(earliest).into();
    result["expires"] = date_to_text(expires_ts).into();
    print_done(
        app,
        &receipt,
        &[format!(
            "{} may join {} from {} until {}.",
            member.symbol,
            collective.symbol,
            date_to_text(earliest),
            date_to_text(expires_ts)
        )],
        result,
    );
    Ok(())
}

fn revoke(app: &App, both: &Both) -> Result<()> {
    both.application(app)?;
    let actor = app.signing_actor()?;
    let plan = Plan {
        what: format!("Take the consent to {} back", both.member.symbol),
        irreversible: Vec::new(),
        instructions: vec![RevokeAdmission {
            keys: &both.collective.keys,
            issuer: actor.address,
            member_security: both.member.keys.security,
        }
        .instruction()],
        actor,
        expects: "AdmissionRevoked",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    print_done(
        app,
        &receipt,
        &[format!(
            "{} may not join {} any more; its application stands.",
            both.member.symbol, both.collective.symbol
        )],
        both.json(),
    );
    Ok(())
}

fn join(app: &App, both: &Both) -> Result<()> {
    let (collective, member) = (&both.collective, &both.member);
    let application = both.application(app)?;
    let actor = app.signing_actor()?;
    let sender = app.sender()?;
    let now = sender.now()?;
    let earliest = both.earliest(&application)?;
    if accounts::status_of(&application) != Some(MemberStatus::Joined) && now < earliest {
        return Err(Failure::input(format!(
            "{} can join {} at {} at the earliest, in {}",
            member.symbol,
            collective.symbol,
            date_to_text(earliest),
            countdown(earliest - now)
        ))
        .remedy("wait: the application is the notice that the holders of the collective are given"));
    }
    let grant_id = accounts::grants_of_recipient(sender, &application.wallet)?
        .iter()
        .filter(|(_, grant)| grant.security == collective.keys.security)
        .map(|(_, grant)| grant.id)
        .max()
        .map_or(0, |last| last.saturating_add(1));
    let plan = Plan {
        what: format!("Join {} with {}", collective.symbol, member.symbol),
        irreversible: vec![
            format!(
                "You give {} to the holders of {}, for good.",
                member.shares(application.contribution_atoms),
                collective.symbol
            ),
            format!(
                "You are granted {}. {}",
                collective.shares(application.shares_atoms),
                super::grant::schedule(
                    now,
                    now.saturating_add(both.rule.cliff_seconds),
                    now.saturating_add(both.rule.vesting_seconds)
                )
            ),
        ],
        instructions: vec![Join {
            keys: &collective.keys,
            member: &member.keys,
            payer: app.payer()?.address,
            wallet: actor.address,
            grant_id,
        }
        .instruction()],
        actor,
        expects: "MemberJoined",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let mut result = both.json();
    result["gave"] = amount_json(application.contribution_atoms, member.security.decimals);
    result["granted"] = amount_json(application.shares_atoms, collective.security.decimals);
    result["grant"] = collective.keys.grant(&application.wallet, grant_id).to_string().into();
    print_done(
        app,
        &receipt,
        &[
            format!("{} is a member of {}.", member.symbol, collective.symbol),
            format!(
                "  gave {}, is granted {}",
                member.shares(application.contribution_atoms),
                collective.shares(application.shares_atoms)
            ),
        ],
        result,
    );
    Ok(())
}

/// What comes next for an application.
fn next(member: &Member, status: Option<MemberStatus>, earliest: i64, now: i64) -> String {
    match status {
        Some(MemberStatus::Joined) => format!("since {}", date_to_text(member.joined_ts)),
        Some(MemberStatus::Admitted) if now >= member.expires_ts => "the consent has expired".to_owned(),
        Some(MemberStatus::Admitted) if now >= earliest => {
            format!("can join, until {}", date_to_text(member.expires_ts))
        }
        Some(MemberStatus::Admitted) => format!("can join in {}", countdown(earliest - now)),
        _ => "waits for consent".to_owned(),
    }
}

fn list(app: &App, collective: Option<Pubkey>, of: Option<Pubkey>) -> Result<()> {
    let sender = app.sender()?;
    let now = sender.now()?;
    let (found, mut lines, head, rule) = match (collective, of) {
        (Some(address), _) => {
            let token = app.token(&address)?;
            let rule = rule_of(app, &token)?;
            let found = accounts::members_of(sender, &token.keys.collective())?;
            let mut lines = vec![app.canvas.bold(&format!("{} · {} members", token.symbol, rule.members))];
            for sentence in rule_sentences(&token, &rule) {
                lines.extend(app.canvas.bullet(&sentence));
            }
            lines.push(String::new());
            let rule = json!({
                "gives": amount::to_plain(rule.contribution_bps, 2),
                "receives": amount_json(rule.shares_atoms, token.security.decimals),
                "cliffSeconds": rule.cliff_seconds,
                "vestingSeconds": rule.vesting_seconds,
                "members": rule.members,
            });
            (found, lines, "Member", rule)
        }
        (None, Some(address)) => {
            let token = app.token(&address)?;
            let found = accounts::memberships_of(sender, &token.keys.security)?;
            (found, Vec::new(), "Collective", Value::Null)
        }
        (None, None) => return Err(Failure::input("name a collective, or a member with --of")),
    };
    // Everything is read at one go: there may be 256.
    let rules: std::collections::BTreeMap<Pubkey, Collective> =
        accounts::all_collectives(sender)?.into_iter().collect();
    let securities: std::collections::BTreeMap<_, _> = accounts::all_securities(sender)?.into_iter().collect();
    let pairs: Vec<_> = found
        .iter()
        .filter_map(|(address, member)| {
            let rule = rules.get(&member.collective)?;
            Some((
                address,
                member,
                rule.security,
                securities.get(&rule.security)?,
                securities.get(&member.member_security)?,
            ))
        })
        .collect();
    app.know_mints(
        pairs
            .iter()
            .flat_map(|(_, _, _, upper, lower)| [upper.mint, lower.mint]),
    )?;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (address, member, _, upper, lower) in pairs {
        let status = accounts::status_of(member);
        let earliest = member
            .earliest_join(upper.notice_seconds)
            .map_err(upside_client::ClientError::from)?;
        let (upper_symbol, lower_symbol) = (app.symbol(&upper.mint)?, app.symbol(&lower.mint)?);
        let name = status.map_or("of a later version", status_name);
        rows.push(vec![
            if of.is_some() {
                upper_symbol.clone()
            } else {
                lower_symbol.clone()
            },
            name.to_owned(),
            format!(
                "{} {lower_symbol}",
                amount::to_text(member.contribution_atoms, lower.decimals)
            ),
            format!(
                "{} {upper_symbol}",
                amount::to_text(member.shares_atoms, upper.decimals)
            ),
            next(member, status, earliest, now),
        ]);
        values.push(json!({
            "membership": address.to_string(),
            "collective": upper.mint.to_string(),
            "member": lower.mint.to_string(),
            "symbol": lower_symbol,
            "wallet": member.wallet.to_string(),
            "status": name,
            "gives": amount_json(member.contribution_atoms, lower.decimals),
            "receives": amount_json(member.shares_atoms, upper.decimals),
            "applied": date_to_text(member.applied_ts),
            "earliest": date_to_text(earliest),
            "expires": (member.expires_ts > 0).then(|| date_to_text(member.expires_ts)),
            "joined": (member.joined_ts > 0).then(|| date_to_text(member.joined_ts)),
        }));
    }
    rows.sort();
    if rows.is_empty() {
        lines.push("Nobody has applied yet.".to_owned());
    } else {
        lines.extend(output::table(
            app.canvas,
            &[head, "Status", "Gives", "Receives", "Next"],
            &[2, 3],
            &rows,
        ));
    }
    output::print(
        app.global.output,
        &lines,
        &json!({ "now": date_to_text(now), "rule": rule, "members": values }),
    );
    Ok(())
}
