/** What all browser tests share: a localnet, the built page, a browser, and two people with a wallet each. */
import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import type { Address } from '@solana/kit';
import type { Browser, Page } from 'playwright-core';
import { serve } from '../../scripts/serve.mjs';
import { open, type App } from './app';
import { startBrowser } from './chromium';
import { environment } from './environment';
import { startLocalnet, type Localnet } from './localnet';
import { startWire, type Wire } from './proxy';
import { injectWallet, person, type InjectedWallet, type Person, type WalletOptions } from './wallets';

export type World = { net: Localnet; wire: Wire; browser: Browser; base: string; server: Server; alice: Person; bob: Person; pages: Page[] };
export type Seat = App & { wallet: InjectedWallet };

export async function startWorld(): Promise<World> {
    const [alice, bob] = [await person('alice'), await person('bob')];
    const net = await startLocalnet([alice.address, bob.address]);
    const wire = await startWire(net.rpc, net.ws);
    const { server, url } = await serve(environment().dist);
    return { net, wire, browser: await startBrowser(), base: url, server, alice, bob, pages: [] };
}

/** What a page must never do, whatever it shows. */
const troubles = new WeakMap<Page, string[]>();

/** A browser window of its own with a wallet. */
export async function seat(world: World, options: Omit<WalletOptions, 'rpc'>): Promise<Seat> {
    const context = await world.browser.newContext({ viewport: { width: 1_280, height: 800 }, reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.setDefaultTimeout(Number(process.env.UPSIDE_APP_TIMEOUT ?? 60_000));
    const found: string[] = [];
    troubles.set(page, found);
    world.pages.push(page);
    page.on('pageerror', (error) => found.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
        found.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
    });
    page.on('console', (message) => {
        if (/Content Security Policy/i.test(message.text())) found.push(message.text());
    });
    page.on('request', (request) => {
        const { protocol, hostname } = new URL(request.url());
        if (protocol.startsWith('http') && hostname !== '127.0.0.1') found.push(`request to ${request.url()}`);
    });
    const wallet = await injectWallet(page, { ...options, rpc: world.net.rpc });
    const app: Seat = { page, base: world.base, rpc: world.wire.url, wallet };
    await open(app, '');
    return app;
}

/** No script error, no dialog, no request to anybody but the server, nothing that the content security policy stopped. */
export function assertNoTrouble(world: World): void {
    for (const page of world.pages) assert.deepEqual(troubles.get(page), []);
}

export async function stopWorld(world: World): Promise<void> {
    await world.browser.close();
    world.server.close();
    await world.wire.close();
    await world.net.stop();
}

export const securityRoute = (mint: Address, action = ''): string => `security/${mint}${action === '' ? '' : `/${action}`}`;
