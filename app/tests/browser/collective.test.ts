/** A school that others join: the rule, an application, consent, joining, and what the member is granted, with both wallets. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Address } from '@solana/kit';
import { assertAccessible } from './accessibility';
import { connect, fill, issue, open, review, signAll } from './app';
import { mintOf, registeredOf } from './chain';
import { photograph } from './gallery';
import { assertNoTrouble, seat, securityRoute, startWorld, stopWorld, type Seat, type World } from './world';

const DAY = 86_400;
const WHOLE = 1_000_000n;
let world: World;
let alice: Seat;
let bob: Seat;
let school: Address;
let person: Address;

/** Opens a page anew, with the clock of the moment. */
async function look(app: Seat, route: string): Promise<void> {
    await open(app, route);
    await app.page.reload();
    await app.page.locator('main h1').first().waitFor();
}

before(async () => {
    world = await startWorld();
    school = await mintOf(world.alice.address, 2, 0);
    person = await mintOf(world.bob.address, 1, 0);
    alice = await seat(world, { kind: 'signs', who: world.alice });
    bob = await seat(world, { kind: 'sends', who: world.bob });
    await connect(alice, 'Test Signer');
    await connect(bob, 'Test Sender');
});
after(async () => {
    await stopWorld(world);
});

test('a collective without a rule says so', async () => {
    await issue(alice, world.net.payout_mint, /A collective/, 'The school', 'SCHOOL');
    await open(bob, securityRoute(school));
    await bob.page.getByText('its issuer has fixed no rule').waitFor();
    await photograph(bob.page, 'collective-no-rule');
    await open(bob, securityRoute(school, 'members'));
    await bob.page.getByText('its issuer has fixed no rule').waitFor();
    await assertAccessible(bob.page, 'members without a rule');
    await photograph(bob.page, 'members-no-rule');
});

test('alice fixes the rule, as sentences', async () => {
    await open(alice, securityRoute(school, 'collective'));
    await fill(alice, /^Every member is granted/, '1000');
    await fill(alice, /^Nothing vests before/, '90');
    await alice.page.getByText('Room for 256 members.').waitFor();
    await assertAccessible(alice.page, 'the form of a rule');
    await photograph(alice.page, 'collective-create');
    const said = await review(alice);
    assert.match(said, /Every member gives 10% of what its security may ever issue/);
    assert.match(said, /Every member is granted 1,000 SCHOOL, which vest over 1 year, nothing before 90 days/);
    assert.match(said, /The rule never changes/);
    await photograph(alice.page, 'collective-create-confirm');
    await signAll(alice);
    await open(alice, securityRoute(school, 'members'));
    await alice.page.getByText('Nobody has applied yet.').waitFor();
    await assertAccessible(alice.page, 'members, empty');
    await photograph(alice.page, 'members-empty');
});

test('somebody who has issued nothing is told what is missing', async () => {
    await open(bob, securityRoute(school, 'members'));
    await bob.page.getByText('You have issued no security that could apply.').waitFor();
    await photograph(bob.page, 'apply-nothing-issued');
});

test('bob applies, takes it back, and applies again', async () => {
    await issue(bob, world.net.payout_mint, /^You: everything/, 'Bob', 'BOB');
    await open(bob, securityRoute(school, 'members'));
    await bob.page.getByText(/gives 100,000 BOB, once it joins/).waitFor();
    await assertAccessible(bob.page, 'applying');
    await photograph(bob.page, 'apply');
    assert.match(await review(bob, 'Review the application'), /It then gives 100,000 BOB and is granted 1,000 SCHOOL/);
    await signAll(bob);
    assert.equal(await registeredOf(world.net, person, world.bob.address), 600_000n * WHOLE, 'nothing has moved');
    await bob.page.getByText(/Waits for the issuer.s consent; its notice is over in/).waitFor();
    assert.match(await review(bob, 'Take the application back'), /Nothing has moved, and nothing will/);
    await signAll(bob);
    await bob.page.getByText('Nobody has applied yet.').waitFor();
    await review(bob, 'Review the application');
    await signAll(bob);
});

test('alice is told, consents, takes the consent back, and consents again', async () => {
    await look(alice, '');
    await alice.page.getByText('BOB applies to join.').waitFor();
    await assertAccessible(alice.page, 'home with an application');
    await photograph(alice.page, 'home-application');
    await alice.page.getByRole('link', { name: 'Look' }).click();
    await alice.page.getByLabel('The consent holds until (UTC)').waitFor();
    await assertAccessible(alice.page, 'consenting');
    await photograph(alice.page, 'admit');
    const said = await review(alice, 'Review the consent');
    assert.match(said, /Once it joins, it gives 100,000 BOB, and 1,000 SCHOOL are promised to/);
    assert.ok(said.includes(world.bob.address), 'the whole address of the member is shown');
    await photograph(alice.page, 'admit-confirm');
    await signAll(alice);
    await alice.page.getByText(/Admitted\. It can join in/).waitFor();
    assert.match(await review(alice, 'Take the consent back'), /It may not join SCHOOL any more/);
    await signAll(alice);
    await alice.page.getByText(/Waits for the issuer.s consent/).waitFor();
    await review(alice, 'Review the consent');
    await signAll(alice);
});

test('bob joins when his notice is over: his shares lie in the school, and a grant is his', async () => {
    await look(bob, securityRoute(school, 'members'));
    await bob.page.getByText(/Admitted\. It can join in/).waitFor();
    assert.equal(await bob.page.getByRole('button', { name: 'Review joining' }).count(), 0);
    await world.net.travel(8 * DAY);
    await look(bob, '');
    await bob.page.getByText('You can join it with BOB.').waitFor();
    await photograph(bob.page, 'home-may-join');
    await bob.page.getByRole('link', { name: 'Join' }).click();
    await bob.page.getByRole('button', { name: 'Review joining' }).waitFor();
    await assertAccessible(bob.page, 'joining');
    await photograph(bob.page, 'join');
    const said = await review(bob, 'Review joining');
    assert.match(said, /\u2212100,000 BOB/);
    assert.match(said, /A member stays a member/);
    await photograph(bob.page, 'join-confirm');
    await signAll(bob);
    assert.equal(await registeredOf(world.net, person, world.bob.address), 500_000n * WHOLE);
    await bob.page.getByText(/^Joined /).first().waitFor();
    await assertAccessible(bob.page, 'members');
    await photograph(bob.page, 'members');
});

test('both securities show the membership', async () => {
    await open(alice, securityRoute(school));
    await alice.page.getByRole('row', { name: /BOB.*Joined.*100,000 BOB.*1,000 SCHOOL/ }).waitFor();
    await alice.page.getByText(/1 member, and room for 255 more/).waitFor();
    await assertAccessible(alice.page, 'a collective');
    await photograph(alice.page, 'collective');
    await open(bob, securityRoute(person));
    await bob.page.getByRole('row', { name: /SCHOOL.*Joined/ }).waitFor();
    await assertAccessible(bob.page, 'a member');
    await photograph(bob.page, 'member-of');
});

test('what the member was granted vests and is taken; it cannot be stopped', async () => {
    await world.net.travel(400 * DAY);
    await look(alice, securityRoute(school, 'grants'));
    await alice.page.getByText('all vested').first().waitFor();
    assert.equal(await alice.page.getByRole('button', { name: 'Stop the rest' }).count(), 0);
    await look(bob, securityRoute(school, 'grants'));
    assert.match(await review(bob, 'Take what has vested'), /\+1,000 SCHOOL/);
    await signAll(bob);
    assert.equal(await registeredOf(world.net, school, world.bob.address), 1_000n * WHOLE);
});

test('the pages did nothing behind anybody\u2019s back', () => {
    assertNoTrouble(world);
});
