/** A person's shares in a song's vault: money flows up a layer, and shares leave it to those who redeem. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Address } from '@solana/kit';
import { assertAccessible } from './accessibility';
import { connect, fill, issue, open, review, signAll } from './app';
import { balanceOf, mintOf, registeredOf } from './chain';
import { photograph } from './gallery';
import { assertNoTrouble, seat, securityRoute, startWorld, stopWorld, type Seat, type World } from './world';

const DAY = 86_400;
const WHOLE = 1_000_000n;
const TOKEN = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
let world: World;
let alice: Seat;
let bob: Seat;
let person: Address;
let song: Address;

before(async () => {
    world = await startWorld();
    person = await mintOf(world.alice.address, 1, 0);
    song = await mintOf(world.bob.address, 0, 0);
    alice = await seat(world, { kind: 'signs', who: world.alice });
    bob = await seat(world, { kind: 'sends', who: world.bob });
    await connect(alice, 'Test Signer');
    await connect(bob, 'Test Sender');
});
after(async () => {
    await stopWorld(world);
});

test('alice puts shares of herself into the vault of bob\u2019s song', async () => {
    await issue(alice, world.net.payout_mint, /^You: everything/, 'Alice', 'ALICE');
    await issue(bob, world.net.payout_mint, /An expression/, 'A song', 'SONG');
    await open(bob, securityRoute(song, 'open-vault'));
    await fill(bob, 'Mint of the asset', person);
    await review(bob);
    await signAll(bob);
    await open(alice, securityRoute(song, 'deposit'));
    await fill(alice, /^Amount/, '200000');
    const said = await review(alice);
    assert.match(said, /\u2212200,000 ALICE/);
    assert.match(said, /\+200,000 ALICE/);
    await signAll(alice);
    assert.equal(await registeredOf(world.net, person, world.alice.address), 400_000n * WHOLE);
});

test('the layers can be walked and looked through', async () => {
    await open(bob, securityRoute(song));
    await bob.page.getByRole('link', { name: /ALICE\s*200,000/ }).waitFor();
    await assertAccessible(bob.page, 'a security with layers');
    await photograph(bob.page, 'layers');
    await bob.page.getByRole('link', { name: /ALICE\s*200,000/ }).click();
    await bob.page.getByRole('link', { name: /SONG\s*holds 200,000/ }).waitFor();
    await photograph(bob.page, 'layers-below');
});

test('what alice earns flows up to the holders of the song', async () => {
    await open(alice, securityRoute(person, 'distribute'));
    await fill(alice, /^Amount/, '600');
    await review(alice);
    await signAll(alice);
    await world.net.travel(8 * DAY);
    await open(bob, securityRoute(song, 'harvest'));
    await bob.page.reload();
    // A third of Alice's registered shares lie in the vault.
    await bob.page.getByText(/^199\.99/).or(bob.page.getByText(/^200 /)).first().waitFor();
    await assertAccessible(bob.page, 'harvest');
    await photograph(bob.page, 'harvest');
    await review(bob, 'Harvest');
    await signAll(bob);
    await world.net.travel(8 * DAY);
    const had = await balanceOf(world.net, world.bob.address, world.net.payout_mint, TOKEN);
    await open(bob, securityRoute(song, 'claim'));
    await bob.page.reload();
    await review(bob);
    await signAll(bob);
    const got = (await balanceOf(world.net, world.bob.address, world.net.payout_mint, TOKEN)) - had;
    assert.ok(got > 199n * WHOLE && got <= 200n * WHOLE, `${got} atoms`);
});

test('redeeming the song pays shares of alice, registered', async () => {
    await open(bob, securityRoute(song, 'redeem'));
    await fill(bob, /^Registered shares/, '500000');
    await bob.page.getByText(/100,000 ALICE/).first().waitFor();
    assert.match(await review(bob), /\u2212500,000 SONG/);
    await signAll(bob);
    assert.equal(await registeredOf(world.net, person, world.bob.address), 100_000n * WHOLE);
});

test('securities that hold each other say so, and stand on both sides of the picture', async () => {
    await open(alice, securityRoute(person, 'open-vault'));
    await fill(alice, 'Mint of the asset', song);
    await review(alice);
    await signAll(alice);
    await open(bob, securityRoute(person, 'deposit'));
    await fill(bob, /^Amount/, '1000');
    assert.match(await review(bob), /\u22121,000 SONG/);
    await signAll(bob);
    await open(bob, securityRoute(person));
    await bob.page.getByText('ALICE and SONG hold each other.').waitFor();
    assert.equal(await bob.page.locator('.graph a', { hasText: 'SONG' }).count(), 2);
    await assertAccessible(bob.page, 'a ring');
    await photograph(bob.page, 'layers-ring');
});

test('the pages did nothing behind anybody\u2019s back', () => {
    assertNoTrouble(world);
});
