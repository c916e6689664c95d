import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkedEndpoint, parseEndpoint, websocketOf } from '../../src/chain/endpoint';
import { chainOf, clusterOf, explorerLink, isProgramSafeOn } from '../../src/chain/cluster';

test('servers are reached by https, or on this machine', () => {
    assert.deepEqual(parseEndpoint('https://api.devnet.solana.com/'), { url: 'https://api.devnet.solana.com' });
    assert.deepEqual(parseEndpoint('http://127.0.0.1:8899'), { url: 'http://127.0.0.1:8899' });
    for (const text of ['', 'devnet', 'http://example.com', 'http://127.0.0.1.example.com', 'javascript:alert(1)', 'ftp://x']) {
        assert.ok('problem' in parseEndpoint(text), text);
    }
});

test('the websocket is one port above a port that is written out', () => {
    assert.equal(websocketOf('http://127.0.0.1:8899'), 'ws://127.0.0.1:8900');
    assert.equal(websocketOf('https://api.devnet.solana.com'), 'wss://api.devnet.solana.com');
    assert.equal(websocketOf('https://rpc.example/key'), 'wss://rpc.example/key');
});

test('a link is trusted only with a network on this machine', () => {
    assert.equal(linkedEndpoint('?rpc=http%3A%2F%2F127.0.0.1%3A1')?.trusted, true);
    assert.equal(linkedEndpoint('?rpc=https%3A%2F%2Fevil.example')?.trusted, false);
    assert.equal(linkedEndpoint('?rpc=nonsense'), null);
    assert.equal(linkedEndpoint(''), null);
});

test('clusters are known by their genesis, and the localnet program is for private networks', () => {
    assert.equal(clusterOf('5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d'), 'mainnet');
    assert.equal(clusterOf('anything'), 'private');
    assert.equal(chainOf('mainnet'), 'solana:mainnet');
    assert.equal(chainOf('private'), 'solana:localnet');
    assert.ok(isProgramSafeOn('private'));
    assert.ok(!isProgramSafeOn('mainnet') && !isProgramSafeOn('devnet') && !isProgramSafeOn('testnet'));
    assert.equal(explorerLink('private', 'tx', 'x'), null);
    assert.equal(explorerLink('devnet', 'tx', 'x'), 'https://explorer.solana.com/tx/x?cluster=devnet');
});
