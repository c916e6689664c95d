import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookThrough, type Graph } from '../../src/chain/look-through';

type Vault = { of: string; balance: bigint; isShare?: boolean };

const securityOf = (name: string) => ({
    address: name,
    mint: name,
    authorisedAtoms: 1_000_000n,
    issuedAtoms: 1_000_000n,
    redeemedTotalAtoms: 0n,
});

/** A graph of securities with 1,000,000 shares each, by name. */
function graphOf(root: string, securities: Record<string, Vault[]>): Graph {
    const layers = Object.entries(securities).map(([name, vaults]) => {
        const assets = vaults.map(({ of, balance, isShare }) => ({
            vault: { assetMint: of, decimals: 6, collectedTotalAtoms: 0n },
            mint: null,
            balance,
            frozen: false,
            layer: isShare ? { security: securityOf(of), position: null } : null,
        }));
        return [name, { security: securityOf(name), liveSupply: 1_000_000n, assets }] as const;
    });
    return { root, layers: new Map(layers), isWhole: true } as unknown as Graph;
}

const amounts = (graph: Graph, shares: bigint) => Object.fromEntries(lookThrough(graph, shares).map(({ mint, atoms }) => [mint, atoms]));

test('a vault is shared among all shares', () => {
    const graph = graphOf('a', { a: [{ of: 'stock', balance: 500n }] });
    assert.deepEqual(amounts(graph, 1_000_000n), { stock: 500n });
    assert.deepEqual(amounts(graph, 1_999n), { stock: 0n });
    assert.deepEqual(amounts(graph, 100_000n), { stock: 50n });
});

test('layers are redeemed hop by hop and add up', () => {
    const graph = graphOf('top', {
        top: [{ of: 'left', balance: 500_000n, isShare: true }, { of: 'right', balance: 250_000n, isShare: true }],
        left: [{ of: 'stock', balance: 1_000n }],
        right: [{ of: 'stock', balance: 1_000n }],
    });
    assert.deepEqual(amounts(graph, 1_000_000n), { stock: 750n });
});

test('a cycle ends at what the linear system says, rounded down', () => {
    // v = 1000 + v/2 for the holder of all: redeeming hop by hop pays 1000 + 500 + 250 + ... = 2000.
    const graph = graphOf('a', { a: [{ of: 'stock', balance: 1_000n }, { of: 'a', balance: 500_000n, isShare: true }] });
    assert.deepEqual(amounts(graph, 1_000_000n), { stock: 1_999n });
});
