//! The machine a sequence runs on, and where everything is.

use std::collections::HashMap;

use crate::context::{program_bytes, START_TS};
use anchor_lang::{
    prelude::{Clock, Pubkey},
    solana_program::instruction::{AccountMeta, Instruction},
};
use anchor_spl::token_2022::spl_token_2022::{
    self,
    extension::{cpi_guard::CpiGuard, BaseStateWithExtensions, StateWithExtensions},
    state::AccountState,
};
use litesvm::{
    types::{FailedTransactionMetadata, TransactionMetadata},
    LiteSVM,
};
use solana_account_v4::ReadableAccount;
use solana_signer::Signer;
use solana_transaction::{Signature, Transaction};
use upside::{
    constants::{TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
    state::{Kind, TransferPolicy},
};
use upside_client::{
    events::{decode_all, Event},
    pda,
    script::Recorder,
    solana_account::Account,
    SecurityKeys,
};
use upside_lookalike_mints::{balances::MintRef, equity, keys, EquityMint, Extension, PayoutMint, PAYOUT};

use crate::sequence::step::{
    share_of, vault_of, Step, FIRST_SHARE, GRANTS, OWN_ASSETS, ROUNDS, SECURITIES, TICKETS, WALLETS,
};

/// Atoms that the bank has of each payout mint and asset: more than any sequence spends.
const BANK_ATOMS: u64 = 1 << 60;

/// Atoms that each wallet has of each payout mint, in each of two accounts.
const WALLET_ATOMS: u64 = 1 << 57;

/// Decimals of every share.
pub const SHARE_DECIMALS: u8 = 3;

/// An asset and what its mint does.
pub struct AssetMint {
    /// The mint.
    pub mint: MintRef,
    /// Who may do to it whatever it lets somebody do.
    pub authority: Pubkey,
    /// Whether the mint passes the policy.
    pub acceptable: bool,
}

/// Where one security's accounts are.
pub struct Places {
    /// Its fixed keys; whether it is curated is decided when it is created.
    pub keys: SecurityKeys,
    /// Payout vault.
    pub payout_vault: Pubkey,
    /// Inbox.
    pub inbox: Pubkey,
    /// Positions, by holder.
    pub position: Vec<Pubkey>,
    /// Registered accounts, by holder.
    pub registered: Vec<Pubkey>,
    /// Bearer accounts, by holder.
    pub bearer: Vec<Pubkey>,
    /// Where claims by anyone pay to as a position begins: the associated accounts, by holder.
    pub first_payout: Vec<Pubkey>,
    /// Approvals, by wallet.
    pub approval: Vec<Pubkey>,
    /// Payout accounts, by wallet: the associated one, a second one, and one that only the check of L-1 uses.
    pub payout: Vec<[Pubkey; 3]>,
    /// Vaults, by asset.
    pub vault: Vec<Pubkey>,
    /// Token accounts of the vaults, by asset.
    pub vault_account: Vec<Pubkey>,
    /// Tickets, by wallet and id.
    pub redemption: Vec<[Pubkey; TICKETS]>,
    /// Grants, by recipient and id.
    pub grant: Vec<[Pubkey; GRANTS]>,
    /// Rounds, by id.
    pub round: [Pubkey; ROUNDS],
    /// Token accounts of the rounds, by id.
    pub round_account: [Pubkey; ROUNDS],
    /// Subscriptions, by round and investor.
    pub subscription: [Vec<Pubkey>; ROUNDS],
    /// The rule by which others join.
    pub collective: Pubkey,
    /// Applications and members, by the security that applies.
    pub member: Vec<Pubkey>,
}

/// What all sequences share.
pub struct Fixture {
    /// The machine with the program, the mints and the wallets, before any security.
    pub machine: LiteSVM,
    /// Pays all fees and rents; rich in everything.
    pub bank: Pubkey,
    /// The wallets.
    pub wallets: Vec<Pubkey>,
    /// Payout mints, by security: one legacy, one Token-2022, the legacy one again.
    pub payouts: [MintRef; SECURITIES],
    /// Authority over the payout mints.
    pub payout_authority: Pubkey,
    /// Assets; the shares of the securities are not among them.
    pub assets: Vec<AssetMint>,
    /// The wallets' token accounts of the assets, by wallet and asset.
    pub receiver: Vec<Vec<Pubkey>>,
    /// By security.
    pub places: Vec<Places>,
    /// Every address that a sequence can touch.
    pub tracked: Vec<Pubkey>,
    /// By security: which of them say how it stands.
    pub of_security: Vec<Vec<usize>>,
    index: HashMap<Pubkey, usize>,
    through: Option<Pubkey>,
    /// Everything that was done to [`Self::machine`].
    pub set_up: Recorder,
}

const FEE: EquityMint = EquityMint {
    symbol: "FEEx",
    name: "Transfer fee",
    uri: "https://fee.invalid/x.json",
    decimals: 6,
    extensions: &[
        Extension::Metadata,
        Extension::PermanentDelegate,
        Extension::Pausable,
        Extension::TransferFee {
            bps: 50,
            maximum_atoms: 1_000_000,
        },
        Extension::TransferHook { program: None },
    ],
};
const UNMOVABLE: EquityMint = EquityMint {
    symbol: "STUCKx",
    name: "Not transferable",
    uri: "https://stuck.invalid/x.json",
    decimals: 6,
    extensions: &[Extension::NonTransferable],
};
const PLAIN_2022: EquityMint = EquityMint {
    symbol: "PAY22",
    name: "Payout of Token-2022",
    uri: "https://pay.invalid/x.json",
    decimals: 2,
    extensions: &[Extension::Metadata, Extension::MintCloseAuthority],
};

/// Where a security's accounts are among those that are tracked, with the positions that its vaults have in others.
fn says_how_it_stands(places: &[Places], s: usize, index: &HashMap<Pubkey, usize>) -> Vec<usize> {
    let place = &places[s];
    let mut addresses = vec![place.keys.security, place.keys.mint, place.payout_vault];
    for list in [&place.position, &place.registered, &place.vault, &place.vault_account] {
        addresses.extend(list);
    }
    addresses.extend(place.redemption.iter().flatten());
    addresses.extend(place.grant.iter().flatten());
    addresses.extend(place.round);
    addresses.extend(place.round_account);
    addresses.extend(place.subscription.iter().flatten());
    addresses.extend(places.iter().map(|other| other.position[vault_of(s)]));
    addresses.iter().map(|address| index[address]).collect()
}

/// The share mint of a security.
fn share_mint(keys: &SecurityKeys) -> MintRef {
    MintRef {
        mint: keys.mint,
        token_program: TOKEN_2022_PROGRAM_ID,
        decimals: SHARE_DECIMALS,
    }
}

fn key(label: &str) -> Pubkey {
    keys::keypair(label).pubkey()
}

/// Sends without signatures. `number` makes the transaction unlike any other.
fn transaction(payer: &Pubkey, instructions: &[Instruction], number: u64) -> Transaction {
    let mut transaction = Transaction::new_with_payer(instructions, Some(payer));
    let mut signature = [0; 64];
    signature[..8].copy_from_slice(&number.to_le_bytes());
    transaction.signatures[0] = Signature::from(signature);
    transaction
}

struct Builder {
    machine: LiteSVM,
    bank: Pubkey,
    sent: u64,
    recorder: Recorder,
}

impl Builder {
    fn lamports(&mut self, to: &Pubkey, lamports: u64) {
        self.recorder.lamports(to, lamports);
        self.machine.airdrop(to, lamports).expect("lamports");
    }

    fn send(&mut self, instructions: &[Instruction]) {
        self.sent += 1;
        self.recorder.transaction(&self.bank, instructions, true, true);
        // Numbers of the fixture lie above those of any sequence.
        let transaction = transaction(&self.bank, instructions, u64::MAX - self.sent);
        self.machine
            .send_transaction(transaction)
            .unwrap_or_else(|e| panic!("the fixture cannot be made: {:?}\n{}", e.err, e.meta.logs.join("\n")));
    }

    fn legacy(&mut self, label: &str, decimals: u8, authority: &Pubkey) -> MintRef {
        let mint = key(label);
        let instructions = PayoutMint { decimals, ..PAYOUT }
            .create_instructions(&self.bank, &mint, authority)
            .expect("instructions");
        self.send(&instructions);
        MintRef {
            mint,
            token_program: TOKEN_PROGRAM_ID,
            decimals,
        }
    }

    fn token_2022(&mut self, description: &EquityMint, authority: &Pubkey) -> MintRef {
        let mint = key(description.symbol);
        let instructions = description
            .create_instructions(&self.bank, &mint, authority)
            .expect("instructions");
        self.send(&instructions);
        MintRef {
            mint,
            token_program: TOKEN_2022_PROGRAM_ID,
            decimals: description.decimals,
        }
    }

    fn fund_bank(&mut self, mint: &MintRef, authority: &Pubkey, frozen: bool) {
        let bank = self.bank;
        let mut instructions = vec![mint.open_account(&bank, &bank)];
        if frozen {
            instructions.push(mint.thaw(authority, &bank).expect("instruction"));
        }
        instructions.push(mint.mint_to(authority, &bank, BANK_ATOMS).expect("instruction"));
        self.send(&instructions);
    }

    /// Gives a wallet money to subscribe with, in one of its accounts.
    fn fund_purse(&mut self, mint: &MintRef, authority: &Pubkey, purse: &Pubkey) {
        let (program, mint) = (&mint.token_program, &mint.mint);
        let mint_to = spl_token_2022::instruction::mint_to(program, mint, purse, authority, &[], WALLET_ATOMS);
        self.send(&[mint_to.expect("instruction")]);
    }

    /// A token account at a key of its own.
    fn open_extra(&mut self, mint: &MintRef, owner: &Pubkey, at: &Pubkey) {
        let lamports = self.machine.minimum_balance_for_rent_exemption(165);
        let bank = self.bank;
        self.send(&[
            anchor_lang::solana_program::system_instruction::create_account(
                &bank,
                at,
                lamports,
                165,
                &mint.token_program,
            ),
            spl_token_2022::instruction::initialize_account3(&mint.token_program, at, &mint.mint, owner)
                .expect("instruction"),
        ]);
    }
}

impl Default for Fixture {
    fn default() -> Self {
        Self::new()
    }
}

impl Fixture {
    /// Makes everything once; a sequence starts from a clone of the machine.
    ///
    /// # Panics
    /// If the compiled program is not there or does not load.
    #[must_use]
    pub fn new() -> Self {
        Self::on(LiteSVM::new(), program_bytes(), None)
    }

    /// On a machine that the caller has set up, with these bytes as the program. What sequences send to the program goes through the
    /// program `through`, if there is one: to it with the same accounts, then the program's own address, and the same data.
    ///
    /// # Panics
    /// If the program does not load.
    #[must_use]
    pub fn on(machine: LiteSVM, program: &[u8], through: Option<Pubkey>) -> Self {
        let mut machine = machine
            .with_sigverify(false)
            .with_blockhash_check(false)
            .with_transaction_history(0);
        machine
            .add_program(upside::ID, program)
            .unwrap_or_else(|e| panic!("the program does not load: {e:?}"));
        let mut clock = machine.get_sysvar::<Clock>();
        clock.unix_timestamp = START_TS;
        machine.set_sysvar(&clock);
        let bank = key("bank");
        let mut b = Builder {
            machine,
            bank,
            sent: 0,
            recorder: Recorder::default(),
        };
        b.recorder.clock(START_TS, clock.epoch);
        b.lamports(&bank, 500_000_000_000);
        let wallets: Vec<Pubkey> = (0..WALLETS).map(|w| key(&format!("wallet {w}"))).collect();
        for wallet in &wallets {
            b.lamports(wallet, 10_000_000_000);
        }
        let payout_authority = keys::payout_authority().pubkey();
        let asset_authority = keys::equity_authority().pubkey();
        let legacy = b.legacy("payout mint", PAYOUT.decimals, &payout_authority);
        let payouts = [legacy, b.token_2022(&PLAIN_2022, &payout_authority), legacy];
        for payout in &payouts[..2] {
            b.fund_bank(payout, &payout_authority, false);
        }
        let mut assets = Vec::new();
        for description in [
            *equity::by_symbol("ACMEx").expect("a symbol of the table"),
            *equity::by_symbol("INITx").expect("a symbol of the table"),
            FEE,
        ] {
            let mint = b.token_2022(&description, &asset_authority);
            b.fund_bank(&mint, &asset_authority, description.frozen_by_default());
            for wallet in &wallets {
                let mut instructions = vec![mint.open_account(&bank, wallet)];
                if description.frozen_by_default() {
                    instructions.push(mint.thaw(&asset_authority, wallet).expect("instruction"));
                }
                b.send(&instructions);
            }
            assets.push(AssetMint {
                mint,
                authority: asset_authority,
                acceptable: true,
            });
        }
        assert_eq!(assets.len(), OWN_ASSETS);
        assets.push(AssetMint {
            mint: payouts[0],
            authority: payout_authority,
            acceptable: true,
        });
        assets.push(AssetMint {
            mint: b.token_2022(&UNMOVABLE, &asset_authority),
            authority: asset_authority,
            acceptable: false,
        });
        assets.push(AssetMint {
            mint: payouts[1],
            authority: payout_authority,
            acceptable: true,
        });
        assert_eq!(assets.len(), FIRST_SHARE);

        let keys: Vec<SecurityKeys> = (0..SECURITIES)
            .map(|s| {
                SecurityKeys::derive(
                    &wallets[s],
                    Kind::Expression,
                    0,
                    TransferPolicy::Open,
                    payouts[s].mint,
                    payouts[s].token_program,
                )
            })
            .collect();
        let shares = keys.iter().map(share_mint);
        let asset_mints: Vec<MintRef> = assets.iter().map(|asset| asset.mint).chain(shares).collect();
        let mut places = Vec::new();
        for (s, security) in keys.iter().enumerate() {
            let vaults = keys.iter().map(|upper| upper.vault(&security.mint));
            let holders: Vec<Pubkey> = wallets.iter().copied().chain(vaults).collect();
            let of_holders = |at: &dyn Fn(&Pubkey) -> Pubkey| -> Vec<Pubkey> { holders.iter().map(at).collect() };
            let payout: Vec<[Pubkey; 3]> = (0..WALLETS)
                .map(|w| {
                    [
                        payouts[s].account_of(&wallets[w]),
                        key(&format!("second payout account {s} {w}")),
                        key(&format!("third payout account {s} {w}")),
                    ]
                })
                .collect();
            // Who is paid out the same money has one associated account for it.
            let is_new = !payouts[..s].contains(&payouts[s]);
            for (wallet, [own, second, third]) in wallets.iter().zip(&payout) {
                if is_new {
                    b.send(&[payouts[s].open_account(&bank, wallet)]);
                    b.fund_purse(&payouts[s], &payout_authority, own);
                }
                b.open_extra(&payouts[s], wallet, second);
                b.open_extra(&payouts[s], wallet, third);
                b.fund_purse(&payouts[s], &payout_authority, second);
            }
            let vault: Vec<Pubkey> = asset_mints.iter().map(|asset| security.vault(&asset.mint)).collect();
            places.push(Places {
                keys: *security,
                payout_vault: security.payout_vault(),
                inbox: security.inbox(),
                position: of_holders(&|holder| security.position(holder)),
                registered: of_holders(&|holder| security.registered(holder)),
                bearer: of_holders(&|holder| security.bearer_account(holder)),
                first_payout: of_holders(&|holder| payouts[s].account_of(holder)),
                approval: wallets.iter().map(|wallet| security.approval(wallet)).collect(),
                payout,
                vault_account: vault
                    .iter()
                    .zip(&asset_mints)
                    .map(|(vault, asset)| pda::vault_account(vault, &asset.mint, &asset.token_program))
                    .collect(),
                vault,
                redemption: wallets
                    .iter()
                    .map(|wallet| std::array::from_fn(|id| security.redemption(wallet, id as u64)))
                    .collect(),
                grant: wallets
                    .iter()
                    .map(|wallet| std::array::from_fn(|id| security.grant(wallet, id as u64)))
                    .collect(),
                round: std::array::from_fn(|id| security.round(id as u64)),
                round_account: std::array::from_fn(|id| security.round_account(id as u64)),
                subscription: std::array::from_fn(|id| {
                    let of = |wallet: &Pubkey| security.subscription(id as u64, wallet);
                    wallets.iter().map(of).collect()
                }),
                collective: security.collective(),
                member: keys.iter().map(|other| security.member(&other.security)).collect(),
            });
        }
        let receiver: Vec<Vec<Pubkey>> = wallets
            .iter()
            .map(|wallet| assets.iter().map(|asset| asset.mint.account_of(wallet)).collect())
            .collect();
        let mut tracked = Vec::new();
        for place in &places {
            tracked.extend([place.keys.security, place.keys.mint, place.payout_vault, place.inbox]);
            for list in [
                &place.position,
                &place.registered,
                &place.bearer,
                &place.approval,
                &place.vault,
                &place.vault_account,
            ] {
                tracked.extend(list);
            }
            tracked.extend(place.payout.iter().flatten());
            tracked.extend(place.redemption.iter().flatten());
        }
        for accounts in &receiver {
            tracked.extend(&accounts[..OWN_ASSETS]);
        }
        let others = assets
            .iter()
            .map(|asset| &asset.mint)
            .filter(|mint| !payouts.contains(mint));
        for mint in payouts[..2].iter().chain(others) {
            tracked.extend([mint.mint, mint.account_of(&bank)]);
        }
        tracked.extend(&wallets);
        tracked.push(bank);
        for place in &places {
            tracked.extend(place.grant.iter().flatten());
            tracked.extend(place.round);
            tracked.extend(place.round_account);
            tracked.extend(place.subscription.iter().flatten());
            tracked.push(place.collective);
            tracked.extend(&place.member);
        }
        let mut index: HashMap<Pubkey, usize> = HashMap::new();
        tracked.retain(|key| {
            let next = index.len();
            *index.entry(*key).or_insert(next) == next
        });
        let of_security = (0..SECURITIES)
            .map(|s| says_how_it_stands(&places, s, &index))
            .collect();
        Self {
            machine: b.machine,
            bank,
            wallets,
            payouts,
            payout_authority,
            assets,
            receiver,
            places,
            tracked,
            of_security,
            index,
            through,
            set_up: b.recorder,
        }
    }

    /// As transactions carry them: what calls the program goes through [`Self::on`]'s program, if there is one.
    fn carried(&self, instructions: &[Instruction]) -> Vec<Instruction> {
        let mut carried = instructions.to_vec();
        if let Some(through) = self.through {
            for instruction in carried.iter_mut().filter(|one| one.program_id == upside::ID) {
                instruction.accounts.push(AccountMeta::new_readonly(upside::ID, false));
                instruction.program_id = through;
            }
        }
        carried
    }

    /// Where an address is among [`Self::tracked`].
    pub fn at(&self, address: &Pubkey) -> Option<usize> {
        self.index.get(address).copied()
    }

    /// An asset's mint.
    #[must_use]
    pub fn asset(&self, a: usize) -> MintRef {
        match self.assets.get(a) {
            Some(asset) => asset.mint,
            None => share_mint(&self.places[a - FIRST_SHARE].keys),
        }
    }

    /// The address of a holder of a security.
    #[must_use]
    pub fn holder(&self, s: usize, h: usize) -> Pubkey {
        match self.wallets.get(h) {
            Some(wallet) => *wallet,
            None => self.places[h - WALLETS].vault[share_of(s)],
        }
    }
}

/// Every tracked account at one moment.
pub type Snapshot = Vec<Option<Account>>;

/// A token account as its bytes say.
#[derive(Clone, Copy, Debug)]
pub struct TokenView {
    /// Mint.
    pub mint: Pubkey,
    /// Owner.
    pub owner: Pubkey,
    /// Atoms.
    pub amount: u64,
    /// Whether frozen.
    pub frozen: bool,
    /// Whether its owner forbids moves through programs.
    pub guarded: bool,
}

/// Reads a token account; `None` if it is none.
pub fn token(account: Option<&Account>) -> Option<TokenView> {
    let account = account?;
    if account.owner != TOKEN_PROGRAM_ID && account.owner != TOKEN_2022_PROGRAM_ID {
        return None;
    }
    let state = StateWithExtensions::<spl_token_2022::state::Account>::unpack(&account.data).ok()?;
    Some(TokenView {
        mint: state.base.mint,
        owner: state.base.owner,
        amount: state.base.amount,
        frozen: state.base.state == AccountState::Frozen,
        guarded: state
            .get_extension::<CpiGuard>()
            .is_ok_and(|guard| guard.lock_cpi.into()),
    })
}

fn to_account(account: &impl ReadableAccount) -> Account {
    Account {
        lamports: account.lamports(),
        data: account.data().to_vec(),
        owner: *account.owner(),
        executable: account.executable(),
        rent_epoch: account.rent_epoch(),
    }
}

/// One sequence's machine.
#[derive(Clone)]
pub struct Machine<'a> {
    /// What is shared.
    pub fixture: &'a Fixture,
    svm: LiteSVM,
    sent: u64,
    recorder: Option<Recorder>,
}

/// A transaction that went through: its events.
pub type Sent = Result<Vec<Event>, Box<FailedTransactionMetadata>>;

fn events(meta: &TransactionMetadata, keys: &[Pubkey]) -> Vec<Event> {
    decode_all(meta.inner_instructions.iter().flatten().filter_map(|inner| {
        let program = keys.get(usize::from(inner.instruction.program_id_index))?;
        Some((*program, inner.instruction.data.as_slice()))
    }))
    .expect("the program's own events decode")
}

impl<'a> Machine<'a> {
    /// A fresh one.
    pub fn new(fixture: &'a Fixture) -> Self {
        Self {
            fixture,
            svm: fixture.machine.clone(),
            sent: 0,
            recorder: None,
        }
    }

    /// Writes down from now on what is done.
    pub fn record(&mut self) {
        self.recorder = Some(self.fixture.set_up.clone());
    }

    /// What is done from now on belongs to this step.
    pub fn begin(&mut self, step: &Step) {
        if let Some(recorder) = &mut self.recorder {
            recorder.begin(step.as_rust());
        }
    }

    /// What was written down since [`Self::record`].
    #[must_use]
    pub fn recorded(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// Sends instructions in one transaction.
    pub fn send(&mut self, instructions: &[Instruction]) -> Sent {
        self.sent += 1;
        let transaction = transaction(&self.fixture.bank, &self.fixture.carried(instructions), self.sent);
        let keys = transaction.message.account_keys.clone();
        let sent = self.svm.send_transaction(transaction);
        if let Some(recorder) = &mut self.recorder {
            recorder.transaction(&self.fixture.bank, instructions, sent.is_ok(), true);
        }
        match sent {
            Ok(meta) => Ok(events(&meta, &keys)),
            Err(failed) => Err(Box::new(failed)),
        }
    }

    /// What sending would do: events, and the tracked accounts afterwards.
    ///
    /// # Errors
    /// Error and log, if it would be refused.
    pub fn simulate(
        &mut self,
        instructions: &[Instruction],
        before: &Snapshot,
    ) -> Result<(Vec<Event>, Snapshot), String> {
        self.sent += 1;
        let transaction = transaction(&self.fixture.bank, &self.fixture.carried(instructions), self.sent);
        let keys = transaction.message.account_keys.clone();
        let info = self
            .svm
            .simulate_transaction(transaction)
            .map_err(|failed| format!("{:?}\n{}", failed.err, failed.meta.logs.join("\n")))?;
        if let Some(recorder) = &mut self.recorder {
            recorder.transaction(&self.fixture.bank, instructions, true, false);
        }
        let mut after = before.clone();
        for (address, account) in &info.post_accounts {
            if let Some(at) = self.fixture.at(address) {
                after[at] = Some(to_account(account)).filter(|account| account.lamports > 0);
            }
        }
        Ok((events(&info.meta, &keys), after))
    }

    /// Every tracked account now.
    pub fn snapshot(&self) -> Snapshot {
        self.fixture
            .tracked
            .iter()
            .map(|address| {
                self.svm
                    .get_account(address)
                    .filter(|account| account.lamports > 0)
                    .map(|account| Account {
                        lamports: account.lamports,
                        data: account.data,
                        owner: account.owner,
                        executable: account.executable,
                        rent_epoch: account.rent_epoch,
                    })
            })
            .collect()
    }

    /// Sets the clock.
    pub fn set_time(&mut self, now: i64, epoch: u64) {
        let mut clock = self.svm.get_sysvar::<Clock>();
        clock.unix_timestamp = now;
        clock.epoch = epoch;
        self.svm.set_sysvar(&clock);
        if let Some(recorder) = &mut self.recorder {
            recorder.clock(now, epoch);
        }
    }
}
