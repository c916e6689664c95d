/** Pieces of text that mean something: addresses, amounts, times. */
import { useState } from 'react';
import { formatAmount, walletAmount } from '../amounts';
import { explorerLink, type Cluster } from '../chain/cluster';
import { shortAddress } from '../display';
import { formatRelative, formatTime } from '../time';

/** An address, short, with the whole of it for copying and for screen readers. */
export function AddressText({ address, whole = false }: { address: string; whole?: boolean }) {
    const [copied, setCopied] = useState(false);
    const copy = async () => {
        await navigator.clipboard.writeText(address);
        setCopied(true);
        setTimeout(() => setCopied(false), 1_500);
    };
    return (
        <span className="address">
            <code title={address}>{whole ? address : shortAddress(address)}</code>
            <button type="button" className="copy" onClick={() => void copy()} aria-label={`Copy the address ${address}`}>
                <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
                    {copied ? <path d="M3 8.5l3.2 3.2L13 4.8" /> : <path d="M5.5 5.5h7v8h-7zM3.5 10.5v-8h7" />}
                </svg>
            </button>
            <span role="status" className="sr-only">
                {copied ? 'Copied' : ''}
            </span>
        </span>
    );
}

type AmountProps = { atoms: bigint | undefined | null; decimals: number; symbol: string; multiplier?: number };

/** An exact amount; beside it what wallets show, where that differs. A dash where it is not known. */
export function Amount({ atoms, decimals, symbol, multiplier = 1 }: AmountProps) {
    if (atoms === undefined || atoms === null) return <span aria-label="not known">–</span>;
    return (
        <span className="amount">
            {formatAmount(atoms, decimals)} <bdi>{symbol}</bdi>
            {multiplier !== 1 && <small> (wallets show {walletAmount(atoms, decimals, multiplier)})</small>}
        </span>
    );
}

export function When({ ts, now }: { ts: bigint; now: bigint | undefined }) {
    return (
        <span className="when">
            {formatTime(ts)}
            {now !== undefined && <small> {formatRelative(ts, now)}</small>}
        </span>
    );
}

export function ExplorerLink({ cluster, kind, id }: { cluster: Cluster | undefined; kind: 'tx' | 'address'; id: string }) {
    const href = cluster && explorerLink(cluster, kind, id);
    if (!href) return <AddressText address={id} />;
    return (
        <a href={href} target="_blank" rel="noreferrer">
            {shortAddress(id)} <span className="sr-only">in the explorer, opens a new tab</span>
        </a>
    );
}
