/** Two people live through a security in the browser: every step in the page, every result read from the chain. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Address } from '@solana/kit';
import { assertAccessible } from './accessibility';
import { connect, disconnect, fill, open, review, signAll } from './app';
import { balanceOf, mintOf, registeredOf } from './chain';
import { photograph } from './gallery';
import { assertNoTrouble, seat, securityRoute, startWorld, stopWorld, type Seat, type World } from './world';
import { person } from './wallets';

const DAY = 86_400;
const WHOLE = 1_000_000n;
let world: World;
let alice: Seat;
let bob: Seat;
let mint: Address;
const TOKEN = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
const equity = (symbol: string) => world.net.equity.find((each) => each.symbol === symbol)!;

before(async () => {
    world = await startWorld();
    mint = await mintOf(world.alice.address, 1, 0);
    alice = await seat(world, { kind: 'signs', who: world.alice });
    bob = await seat(world, { kind: 'sends', who: world.bob });
});
after(async () => {
    await stopWorld(world);
});

test('pages without data can be read by everybody', async () => {
    for (const [name, route] of [
        ['welcome', ''],
        ['explore-empty', 'explore'],
        ['create-1', 'create'],
        ['statement-unconnected', 'statement'],
        ['settings', 'settings'],
        ['trust', 'trust'],
        ['no-such-page', 'nowhere'],
    ] as const) {
        await open(alice, route);
        await alice.page.waitForFunction(() => !document.querySelector('main .loading'));
        await assertAccessible(alice.page, name);
        await photograph(alice.page, name);
    }
    await connect(alice, 'Test Signer');
    await connect(bob, 'Test Sender');
    await open(bob, '');
    await bob.page.getByText('You have issued nothing yet.').waitFor();
    await assertAccessible(bob.page, 'home without holdings');
    await photograph(bob.page, 'home-empty');
});

test('alice creates her personal token in three steps', async () => {
    await open(alice, 'create');
    await fill(alice, 'Name', 'Alice, everything she will do');
    await fill(alice, 'Symbol', 'ALICE');
    await alice.page.getByRole('button', { name: 'Next' }).click();
    await fill(alice, 'Mint that holders are paid in', world.net.payout_mint);
    await assertAccessible(alice.page, 'terms');
    await photograph(alice.page, 'create-2');
    await alice.page.getByRole('button', { name: 'Next' }).click();
    await alice.page.getByText('This can never change').waitFor();
    await assertAccessible(alice.page, 'look');
    await photograph(alice.page, 'create-3');
    const said = await review(alice, 'Review and create');
    assert.match(said, /\+600,000 ALICE/);
    assert.ok(said.includes(world.alice.address), 'the whole address of the owner is shown');
    assert.match(said, /At most 1,000,000 shares can ever exist/);
    await assertAccessible(alice.page, 'confirm dialog');
    await photograph(alice.page, 'confirm');
    await signAll(alice);
    assert.equal(await registeredOf(world.net, mint, world.alice.address), 600_000n * WHOLE);
});

test('the empty security page can be read by everybody', async () => {
    await open(alice, securityRoute(mint));
    await alice.page.getByText('created it as').waitFor();
    await assertAccessible(alice.page, 'security without data');
    await photograph(alice.page, 'security-empty');
});

test('she backs it with two stocks', async () => {
    for (const [symbol, amount] of [['ACMEx', '50'], ['GLBXx', '20']] as const) {
        await open(alice, securityRoute(mint, 'open-vault'));
        await fill(alice, 'Mint of the asset', equity(symbol).mint);
        assert.match(await review(alice), /has power over/);
        await signAll(alice);
        await open(alice, securityRoute(mint, 'deposit'));
        await alice.page.locator('label', { hasText: equity(symbol).mint }).click();
        await fill(alice, /^Amount/, amount);
        assert.match(await review(alice), new RegExp(`\\+${amount} ${symbol}`));
        await signAll(alice);
    }
    await open(alice, securityRoute(mint));
    await alice.page.getByText('1 ALICE redeems for').first().waitFor();
    // 1,000 of 1,000,000 shares stand for a thousandth: 0.05 ACMEx and 0.02 GLBXx.
    await fill(alice, /^Price of one ACMEx/, '100');
    await fill(alice, /^Price of one GLBXx/, '50');
    await alice.page.locator('.figure', { hasText: /^6 / }).waitFor();
});

test('she sends shares to bob, who holds them registered', async () => {
    await open(alice, securityRoute(mint, 'send'));
    await fill(alice, 'To wallet', world.bob.address);
    await fill(alice, /^Registered shares/, '100000');
    const said = await review(alice);
    assert.match(said, /−100,000 ALICE/);
    assert.match(said, /\+100,000 ALICE/);
    await signAll(alice);
    assert.equal(await registeredOf(world.net, mint, world.bob.address), 100_000n * WHOLE);
});

test('bob sees the shares arrive without doing anything', async () => {
    await bob.page.getByRole('row', { name: /Alice, everything/ }).waitFor();
});

test('money is paid in, drips for a week, and bob claims his part', async () => {
    await open(alice, securityRoute(mint, 'distribute'));
    await fill(alice, /^Amount/, '600');
    await review(alice);
    await signAll(alice);
    await world.net.travel(3 * DAY);
    await open(alice, securityRoute(mint));
    await alice.page.getByText('Still to drip').waitFor();
    await assertAccessible(alice.page, 'security with data');
    await photograph(alice.page, 'security');
    await world.net.travel(5 * DAY);
    await bob.page.reload();
    await bob.page.getByRole('row', { name: /Alice, everything/ }).getByRole('link', { name: 'Claim' }).waitFor();
    await assertAccessible(bob.page, 'home with holdings');
    await photograph(bob.page, 'home');
    const had = await balanceOf(world.net, world.bob.address, world.net.payout_mint, TOKEN);
    await open(bob, securityRoute(mint, 'claim'));
    // A sixth of 600, rounded down to what the accumulator holds.
    assert.match(await review(bob), /\+99\.999999 USDC/);
    await signAll(bob);
    const has = await balanceOf(world.net, world.bob.address, world.net.payout_mint, TOKEN);
    assert.equal(has - had, 100n * WHOLE - 1n);
});

test('bob turns shares into ordinary tokens and back', async () => {
    const token2022 = equity('ACMEx').token_program;
    await open(bob, securityRoute(mint, 'unregister'));
    await fill(bob, /^Registered shares/, '40000');
    await review(bob);
    await signAll(bob);
    assert.equal(await balanceOf(world.net, world.bob.address, mint, token2022), 40_000n * WHOLE);
    await open(bob, securityRoute(mint, 'register'));
    await bob.page.getByRole('button', { name: 'Use all' }).click();
    await review(bob);
    await signAll(bob);
    assert.equal(await balanceOf(world.net, world.bob.address, mint, token2022), 0n);
    assert.equal(await registeredOf(world.net, mint, world.bob.address), 100_000n * WHOLE);
});

test('a grant vests and is taken', async () => {
    await open(alice, securityRoute(mint, 'grant'));
    await fill(alice, 'To wallet', world.bob.address);
    await fill(alice, /^Shares/, '1000');
    await alice.page.getByRole('button', { name: 'Start then, over one year' }).click();
    await assertAccessible(alice.page, 'grant form');
    await photograph(alice.page, 'grant');
    assert.match(await review(alice), /You can stop what has not vested/);
    await signAll(alice);
    await world.net.travel(400 * DAY);
    await open(bob, securityRoute(mint, 'grants'));
    await bob.page.reload();
    await bob.page.getByText('all vested').first().waitFor();
    await photograph(bob.page, 'grants');
    assert.match(await review(bob, 'Take what has vested'), /\+1,000 ALICE/);
    await signAll(bob);
    assert.equal(await registeredOf(world.net, mint, world.bob.address), 101_000n * WHOLE);
});

test('a table of grants is made in as many transactions as it takes, goes on where it stopped, and anybody does what is due', async () => {
    const helpers = await Promise.all(Array.from({ length: 9 }, (_, i) => person(`helper ${i}`)));
    const table = helpers.map(({ address }) => `${address},10`).join('\n');
    const mine = `${world.alice.address}\t5`;
    const form = async (text: string) => {
        await open(alice, securityRoute(mint, 'grant'));
        await alice.page.getByRole('radio', { name: /Many, from a table/ }).check();
        await fill(alice, 'Wallets and shares, one a line', text);
    };
    await form(`wallet,shares\n${table}\nnobody,5`);
    await alice.page.getByText('Line 11: it does not begin with a Solana address').waitFor();
    await form(`wallet,shares\n${table}`);
    await alice.page.getByText(/9 grants, together 90 ALICE of/).waitFor();
    await alice.page.getByRole('button', { name: 'Start then, over one year' }).click();
    const start = await alice.page.getByLabel('Start (UTC)').inputValue();
    const end = await alice.page.getByLabel('All vested (UTC)').inputValue();
    await assertAccessible(alice.page, 'many grants');
    await photograph(alice.page, 'grant-many');
    await review(alice);
    const dialog = alice.page.locator('dialog.confirm');
    assert.ok((await dialog.locator('.step').count()) > 1, 'more than one transaction');
    await photograph(alice.page, 'grant-many-confirm');
    // She signs the first transaction, and stops.
    await dialog.getByRole('button', { name: 'Sign in the wallet' }).click();
    await dialog.locator('.step').first().locator('.status:is([data-phase=confirmed], [data-phase=finalized])').waitFor();
    await dialog.getByRole('button', { name: 'Sign in the wallet' }).waitFor();
    await alice.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await form(`${table}\n${mine}`);
    await fill(alice, 'Start (UTC)', start);
    await fill(alice, 'Nothing before (UTC)', start);
    await fill(alice, 'All vested (UTC)', end);
    assert.match(await review(alice), /[1-8] of the table exist already and are left out/);
    await signAll(alice);

    await world.net.travel(400 * DAY);
    await open(bob, securityRoute(mint, 'due'));
    await bob.page.reload();
    await bob.page.getByText('10 grants have vested shares that were not taken.').waitFor();
    await assertAccessible(bob.page, 'what is due');
    await photograph(bob.page, 'due');
    await review(bob, 'Review doing all of it');
    await signAll(bob);
    assert.equal(await registeredOf(world.net, mint, helpers[8]!.address), 10n * WHOLE);
    await bob.page.getByText('10 grants are over and can be closed.').waitFor();
    await review(bob, 'Review doing all of it');
    await signAll(bob);
    await bob.page.getByText(/Nothing waits now/).waitFor();
    await photograph(bob.page, 'due-empty');
});

test('redemption is opened, bob leaves one asset for later, and collects it in the end', async () => {
    await open(alice, securityRoute(mint, 'advance-redemption'));
    await fill(alice, 'Open it from (UTC)', '2026-01-01T00:00');
    await review(alice);
    await signAll(alice);
    await open(bob, securityRoute(mint, 'redeem'));
    await fill(bob, /^Registered shares/, '100000');
    await bob.page.getByText('ACMEx').first().waitFor();
    await bob.page.getByRole('checkbox', { name: /GLBXx/ }).uncheck();
    await assertAccessible(bob.page, 'redeem');
    await photograph(bob.page, 'redeem');
    const acme = equity('ACMEx');
    const had = await balanceOf(world.net, world.bob.address, acme.mint, acme.token_program);
    const said = await review(bob);
    assert.match(said, /−100,000 ALICE/);
    // A tenth of all that can exist redeems for a tenth of the vault.
    assert.match(said, /\+5 ACMEx/);
    await signAll(bob);
    assert.equal((await balanceOf(world.net, world.bob.address, acme.mint, acme.token_program)) - had, 5n * 10n ** BigInt(acme.decimals));
    await open(bob, securityRoute(mint, 'redeem'));
    await bob.page.getByText('Begun: 100,000 ALICE').waitFor();
    await photograph(bob.page, 'redeem-begun');
    assert.match(await review(bob, 'Review what to collect'), /\+2 GLBXx/);
    await signAll(bob);
    await bob.page.getByText('Begun: 100,000 ALICE').waitFor({ state: 'detached' });
    assert.equal(await registeredOf(world.net, mint, world.bob.address), 1_000n * WHOLE);
});

test('a round is announced, oversubscribed, decided, settled, and its money released', async () => {
    await open(alice, securityRoute(mint, 'round'));
    await fill(alice, /^Shares for sale/, '1000');
    await fill(alice, /^Price of a share/, '2');
    await fill(alice, /^At least to sell/, '100');
    await alice.page.getByRole('button', { name: 'Then, for two weeks' }).click();
    await assertAccessible(alice.page, 'round form');
    await photograph(alice.page, 'round-create');
    assert.match(await review(alice), /1,000 ALICE at 2 /);
    await signAll(alice);
    await world.net.travel(8 * DAY);

    for (const [app, wanted] of [[bob, '1000'], [alice, '600']] as const) {
        await open(app, securityRoute(mint, 'rounds'));
        await app.page.reload();
        await fill(app, /^You want/, wanted);
        await review(app);
        await signAll(app);
    }
    await bob.page.getByText('160.00% of').waitFor();
    await assertAccessible(bob.page, 'rounds');
    await photograph(bob.page, 'rounds');
    await world.net.travel(15 * DAY);
    await bob.page.reload();
    await review(bob, 'Decide it');
    await signAll(bob);

    const had = await balanceOf(world.net, world.bob.address, world.net.payout_mint, TOKEN);
    // 1,000 of 1,600 wanted are for sale: everybody gets five eighths.
    assert.match(await review(bob, 'Get your shares and refund'), /\+625 ALICE/);
    await signAll(bob);
    assert.equal((await balanceOf(world.net, world.bob.address, world.net.payout_mint, TOKEN)) - had, 750n * WHOLE);
    assert.equal(await registeredOf(world.net, mint, world.bob.address), 1_625n * WHOLE);
    await review(alice, 'Get your shares and refund');
    await signAll(alice);

    await world.net.travel(400 * DAY);
    await alice.page.reload();
    const hadBefore = await balanceOf(world.net, world.alice.address, world.net.payout_mint, TOKEN);
    await review(alice, 'Release what has come free');
    await signAll(alice);
    assert.equal((await balanceOf(world.net, world.alice.address, world.net.payout_mint, TOKEN)) - hadBefore, 2_000n * WHOLE);
    await open(alice, securityRoute(mint));
    await alice.page.getByText('It sold, and everybody has their shares.').waitFor();
    await assertAccessible(alice.page, 'security after its life');
    await photograph(alice.page, 'security-late');
});

test('the statement and the lists tell what happened', async () => {
    await open(bob, 'statement');
    await bob.page.getByText(/was paid 99\.999999 /).waitFor();
    await bob.page.getByText(/redeemed 100,000 ALICE/).waitFor();
    await assertAccessible(bob.page, 'statement');
    await photograph(bob.page, 'statement');
    const [download] = await Promise.all([bob.page.waitForEvent('download'), bob.page.getByRole('button', { name: 'Save all of it as CSV' }).click()]);
    const csv = readFileSync(await download.path(), 'utf8').split('\r\n');
    assert.match(csv[0]!, /^time \(UTC\),share mint,symbol,event,/);
    const claim = csv.find((line) => line.includes(',UpsideClaimed,'))!;
    assert.ok(claim.includes(`,${mint},ALICE,`) && claim.includes('was paid 99.999999 USDC'), claim);
    assert.match(claim, /,amountAtoms=99999999,/);
    await open(bob, 'explore');
    await bob.page.getByRole('row', { name: /ALICE/ }).waitFor();
    await assertAccessible(bob.page, 'explore');
    await photograph(bob.page, 'explore');
    await disconnect(bob);
});

test('the pages did nothing behind anybody\u2019s back', () => {
    assertNoTrouble(world);
});
