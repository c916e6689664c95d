/** What goes wrong: wallets that decline, wrong networks, servers that are gone or lose things, and names that attack. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Address } from '@solana/kit';
import { assertAccessible } from './accessibility';
import { connect, fill, open, review, signAll } from './app';
import { mintOf, registeredOf } from './chain';
import { startLocalnet } from './localnet';
import { photograph } from './gallery';
import { assertNoTrouble, seat, securityRoute, startWorld, stopWorld, type Seat, type World } from './world';

let world: World;
let alice: Seat;
let mint: Address;

/** Creates an expression; the form is the page's own. */
async function create(app: Seat, name: string, symbol: string): Promise<void> {
    await open(app, 'explore');
    await open(app, 'create');
    await app.page.getByRole('radio', { name: /An expression/ }).check();
    await fill(app, 'Name', name);
    await fill(app, 'Symbol', symbol);
    await app.page.getByRole('button', { name: 'Next' }).click();
    await fill(app, 'Mint that holders are paid in', world.net.payout_mint);
    await app.page.getByRole('button', { name: 'Next' }).click();
    await review(app, 'Review and create');
}

before(async () => {
    world = await startWorld();
    mint = await mintOf(world.alice.address, 0, 0);
    alice = await seat(world, { kind: 'signs', who: world.alice });
    await connect(alice, 'Test Signer');
});
after(async () => {
    await stopWorld(world);
});

test('a wallet that declines, or is locked, is named, and the same step goes on after', async () => {
    await create(alice, 'A song', 'SONG');
    const dialog = alice.page.locator('dialog.confirm');
    for (const [behaviour, sentence] of [['decline', /You declined in Test Signer/], ['locked', /Test Signer is locked/]] as const) {
        alice.wallet.behave(behaviour);
        await dialog.getByRole('button', { name: 'Sign in the wallet' }).click();
        await dialog.getByText(sentence).waitFor();
        await assertAccessible(alice.page, behaviour);
        await photograph(alice.page, behaviour);
        await dialog.getByRole('button', { name: 'Try again' }).click();
        await dialog.locator('.step.review').waitFor();
    }
    alice.wallet.behave('sign');
    await signAll(alice);
    assert.equal(alice.wallet.asked(), 3);
    assert.equal(await registeredOf(world.net, mint, world.alice.address), 600_000_000_000n);
});

test('what the program refuses is said in its own sentence before anything is signed', async () => {
    const asked = alice.wallet.asked();
    await open(alice, securityRoute(mint, 'payout-account'));
    await fill(alice, /^A token account/, world.bob.address);
    const said = await review(alice);
    assert.match(said, /The payout account must be an unfrozen token account of the payout mint owned by the holder/);
    await photograph(alice.page, 'refused');
    await alice.page.getByRole('button', { name: 'Leave it' }).click();
    assert.equal(alice.wallet.asked(), asked);
});

test('a wallet of another network is refused before it signs', async () => {
    const bob = await seat(world, { kind: 'sends', who: world.bob, chains: ['solana:mainnet'] });
    await connect(bob, 'Test Sender');
    await open(bob, 'create');
    await create(bob, 'Bob', 'BOB');
    await bob.page.getByText(/Test Sender is set to another network/).waitFor();
    assert.equal(bob.wallet.asked(), 0);
    await bob.page.getByRole('button', { name: 'Leave it' }).click();
});

test('a server that has gone is named, and the page goes on when it is back', async () => {
    await open(alice, securityRoute(mint));
    await alice.page.getByText('created it as').waitFor();
    await world.wire.cut();
    await open(alice, 'explore');
    const banner = alice.page.getByText(/does not answer/).first();
    await banner.waitFor();
    await assertAccessible(alice.page, 'offline');
    await photograph(alice.page, 'offline');
    await world.wire.mend();
    await banner.waitFor({ state: 'detached' });
    await alice.page.getByRole('row', { name: /SONG/ }).waitFor();
});

test('a transaction that the server loses expires, and is made anew', async () => {
    await open(alice, securityRoute(mint, 'send'));
    await fill(alice, 'To wallet', world.bob.address);
    await fill(alice, /^Registered shares/, '10');
    await review(alice);
    // The server takes each of them, and loses it.
    await alice.page.route(`${world.wire.url}/**`, async (route) => {
        const call = route.request().postDataJSON() as { method: string; id: unknown };
        if (call.method !== 'sendTransaction') return route.fallback();
        return route.fulfill({ json: { jsonrpc: '2.0', id: call.id, result: '1'.repeat(64) }, headers: { 'access-control-allow-origin': '*' } });
    });
    const dialog = alice.page.locator('dialog.confirm');
    await dialog.getByRole('button', { name: 'Sign in the wallet' }).click();
    await dialog.getByText(/Sent \d+ times/).waitFor();
    await dialog.getByText(/It expired before the network took it/).waitFor({ timeout: 60_000 });
    await photograph(alice.page, 'expired');
    assert.equal(await registeredOf(world.net, mint, world.bob.address), 0n);
    await alice.page.unrouteAll();
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await dialog.locator('.step.review').waitFor();
    await signAll(alice);
    assert.equal(await registeredOf(world.net, mint, world.bob.address), 10_000_000n);
});

test('names that attack are text', async () => {
    await create(alice, '<img src=x onerror=alert(1)>\u202Egpj.exe', '</b><script>');
    await signAll(alice);
    const hostile = await mintOf(world.alice.address, 0, 1);
    for (const route of ['', 'explore', securityRoute(hostile), securityRoute(hostile, 'send')]) {
        await open(alice, route);
        await alice.page.getByText('<img src=x onerror=alert(1)>\ufffdgpj.exe').first().waitFor();
        assert.equal(await alice.page.locator('main img, main script').count(), 0);
        await assertAccessible(alice.page, `hostile name on ${route}`);
    }
    await photograph(alice.page, 'hostile');
});

test('an image is asked for only when its host is named and the button pressed', async () => {
    const app = await seat(world, { kind: 'signs', who: world.alice });
    const { page } = app;
    // This window asks strangers on purpose.
    world.pages.splice(world.pages.indexOf(page), 1);
    const asked: string[] = [];
    const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
    const headers = { 'access-control-allow-origin': '*' };
    await page.route(/\.example\//, async (route) => {
        const url = route.request().url();
        asked.push(url);
        if (url.endsWith('song.json')) return route.fulfill({ json: { image: 'https://pictures.example/song.png' }, headers });
        if (url.endsWith('huge.png')) return route.fulfill({ body: Buffer.alloc(2 * 1_024 * 1_024), contentType: 'image/png', headers });
        return route.fulfill({ body: pixel, contentType: 'image/png', headers });
    });
    await connect(app, 'Test Signer');
    await open(app, securityRoute(mint, 'metadata'));
    await fill(app, 'Address of a document about it', 'https://words.example/song.json');
    await review(app);
    await signAll(app);
    await open(app, securityRoute(mint));
    await page.getByRole('button', { name: 'Show image from words.example' }).waitFor();
    assert.deepEqual(asked, []);
    await page.getByRole('button', { name: 'Show image from words.example' }).click();
    await page.getByRole('button', { name: 'Show image from pictures.example' }).waitFor();
    assert.deepEqual(asked, ['https://words.example/song.json']);
    await page.getByRole('button', { name: 'Show image from pictures.example' }).click();
    await page.getByRole('img', { name: /Chosen by A song/ }).waitFor();
    await assertAccessible(page, 'image');

    await open(app, securityRoute(mint, 'metadata'));
    await page.getByLabel('Address of a document about it').waitFor();
    await fill(app, 'Address of a document about it', 'https://pictures.example/huge.png');
    await review(app);
    await signAll(app);
    await open(app, securityRoute(mint));
    await page.getByRole('button', { name: 'Show image from pictures.example' }).click();
    await page.getByText('sends more than 1024 kB').waitFor();
    await page.close();
});

test('a network without the program is named', async () => {
    const bare = await startLocalnet([], { program: false });
    try {
        await alice.page.goto(`${world.base}/?rpc=${encodeURIComponent(bare.rpc)}#/explore`);
        await alice.page.getByText(/The Upside program is not on this network/).waitFor();
        await alice.page.getByText('Nobody has issued a security here yet.').waitFor();
        await assertAccessible(alice.page, 'no program');
    } finally {
        await bare.stop();
    }
});

test('a link does not choose the server', async () => {
    await alice.page.goto(`${world.base}/?rpc=${encodeURIComponent('https://evil.example')}#/settings`);
    await alice.page.getByText(/This link asks to use the server/).waitFor();
    assert.ok(!(await alice.page.locator('footer').innerText()).includes('evil.example'));
});

test('the pages did nothing behind anybody\u2019s back', () => {
    assertNoTrouble(world);
});
