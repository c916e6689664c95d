/** What an issuer does with the security itself. */
import { useState } from 'react';
import { isAddress, type Address } from '@solana/kit';
import { NOBODY } from '../../chain/addresses';
import { approvalsOf } from '../../chain/accounts';
import { MIN_AUTHORISED, retireBound } from '../../math';
import { formatTime, parseTimeField } from '../../time';
import * as plans from '../../transactions/plans/issuer';
import { ActionForm } from '../../ui/action-form';
import { AddressField, AmountField, amountIn, Field, TextField } from '../../ui/fields';
import { useNow, useQuery } from '../../ui/hooks';
import { Empty, Facts, Loaded, Notice } from '../../ui/parts';
import { AddressText } from '../../ui/text';
import type { ActionProps } from './page';

export function Issue({ view, wallet }: ActionProps) {
    const { security, share } = view;
    const [text, setText] = useState('');
    const free = security.authorisedAtoms - security.issuedAtoms - security.reservedAtoms;
    const { atoms } = amountIn(text, security.decimals, free);
    return (
        <ActionForm build={atoms ? () => plans.issuePlan(wallet, security, share.symbol, atoms) : null}>
            <p>Only while you hold every share and nothing is promised. Later, shares come into being by grants and rounds.</p>
            <AmountField label="Shares" value={text} onChange={setText} decimals={security.decimals} symbol={share.symbol} most={free} mostLabel="Free:" />
        </ActionForm>
    );
}

export function Retire({ view, wallet }: ActionProps) {
    const { security, share } = view;
    const [text, setText] = useState('');
    const most = security.authorisedAtoms - retireBound(security.issuedAtoms, security.reservedAtoms);
    const { atoms } = amountIn(text, security.decimals, most);
    return (
        <ActionForm build={atoms ? () => plans.retirePlan(wallet, security, share.symbol, atoms) : null}>
            <p>You give up for ever to issue so many shares. Everybody’s part of the backing rises. At least {MIN_AUTHORISED.toLocaleString('en')} atoms stay.</p>
            <AmountField label="Capacity" value={text} onChange={setText} decimals={security.decimals} symbol={share.symbol} most={most} mostLabel="At most" />
        </ActionForm>
    );
}

export function AdvanceRedemption({ view, wallet }: ActionProps) {
    const { security, share } = view;
    const now = useNow();
    const [text, setText] = useState('');
    const from = parseTimeField(text);
    const isEarlier = from !== null && from < security.redeemAfterTs;
    return (
        <ActionForm build={isEarlier ? () => plans.advanceRedemptionPlan(wallet, security, share.symbol, from) : null}>
            <Facts items={[['Redemption opens now', formatTime(security.redeemAfterTs)]]} />
            <TextField
                label="Open it from (UTC)"
                type="datetime-local"
                value={text}
                onChange={setText}
                problem={from !== null && !isEarlier ? 'It can only be opened earlier than promised' : null}
                hint={now !== undefined && 'A time in the past opens it at once'}
            />
        </ActionForm>
    );
}

export function Handover({ view, wallet }: ActionProps) {
    const { security, share } = view;
    const [text, setText] = useState('');
    const to = text.trim();
    return (
        <>
            {security.pendingIssuer !== NOBODY && (
                <ActionForm label="Withdraw the proposal" build={() => plans.proposeIssuerPlan(wallet, security, share.symbol, null)}>
                    <Facts items={[['Proposed', <AddressText key="pending" address={security.pendingIssuer} whole />]]} />
                </ActionForm>
            )}
            <ActionForm
                build={isAddress(to) && to !== wallet ? () => plans.proposeIssuerPlan(wallet, security, share.symbol, to as Address) : null}
            >
                <p>You propose a wallet; it becomes the issuer when it accepts. Your shares stay yours.</p>
                <AddressField label="Next issuer" value={text} onChange={setText} />
            </ActionForm>
        </>
    );
}

export function AcceptIssuer({ view, wallet }: ActionProps) {
    const { security, share } = view;
    if (security.pendingIssuer !== wallet) return <Notice>This wallet is not proposed as issuer.</Notice>;
    return (
        <ActionForm label="Review" build={() => plans.acceptIssuerPlan(wallet, security, share.symbol)}>
            <p>The issuer grants shares with notice, opens vaults, speaks to the holders, and can hand over again.</p>
        </ActionForm>
    );
}

export function Metadata({ view, wallet }: ActionProps) {
    const { security, share } = view;
    const before = share.mint.metadata ?? { name: '', symbol: '', uri: '' };
    const [name, setName] = useState(before.name);
    const [symbol, setSymbol] = useState(before.symbol);
    const [uri, setUri] = useState(before.uri);
    const change = {
        name: name === before.name ? null : name,
        symbol: symbol === before.symbol ? null : symbol,
        uri: uri === before.uri ? null : uri,
    };
    const isChanged = Object.values(change).some((value) => value !== null);
    return (
        <ActionForm build={isChanged && name !== '' && symbol !== '' ? () => plans.updateMetadataPlan(wallet, security, share.symbol, change) : null}>
            <TextField label="Name" value={name} onChange={setName} />
            <TextField label="Symbol" value={symbol} onChange={setSymbol} />
            <TextField label="Address of a document about it" value={uri} onChange={setUri} hint="JSON with an image, as wallets read it; may be empty" />
        </ActionForm>
    );
}

export function PostUpdate({ view, wallet }: ActionProps) {
    const { security, share } = view;
    const [uri, setUri] = useState('');
    const [text, setText] = useState('');
    const build = async () => {
        const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
        return plans.postUpdatePlan(wallet, security, share.symbol, uri.trim(), new Uint8Array(digest));
    };
    return (
        <ActionForm build={uri.trim() !== '' && text !== '' ? build : null}>
            <p>Put your text somewhere public and name the place. The history keeps the place and the checksum of the text, so that nobody can change it unnoticed.</p>
            <TextField label="Where the text is" type="url" value={uri} onChange={setUri} placeholder="https://" />
            <Field label="The text, exactly" hint="Only its checksum is published here">
                {(ids) => <textarea {...ids} rows={6} value={text} onChange={(event) => setText(event.target.value)} />}
            </Field>
        </ActionForm>
    );
}

export function Approvals({ view, wallet }: ActionProps) {
    const { security, share } = view;
    const [text, setText] = useState('');
    const holder = text.trim();
    const query = useQuery(`approvals/${security.address}`, () => approvalsOf(security.address));
    return (
        <>
            <ActionForm build={isAddress(holder) ? () => plans.approveHolderPlan(wallet, security, share.symbol, holder as Address) : null}>
                <AddressField label="Wallet that may receive shares from others" value={text} onChange={setText} />
            </ActionForm>
            <Loaded query={query} what="the approvals">
                {(approvals) =>
                    approvals.length === 0 ? (
                        <Empty>Nobody is approved yet.</Empty>
                    ) : (
                        <ul className="approvals">
                            {approvals.map((approval) => (
                                <li key={approval.address}>
                                    <AddressText address={approval.holder} whole />
                                    <ActionForm
                                        label="Remove"
                                        build={() => plans.removeApprovalPlan(wallet, security, share.symbol, approval.holder, approval.rentPayer)}
                                    />
                                </li>
                            ))}
                        </ul>
                    )
                }
            </Loaded>
        </>
    );
}
