/** What a holder does: claim, send, register, unregister, choose where claims pay, close. */
import { useState } from 'react';
import { isAddress, type Address } from '@solana/kit';
import { TOKEN_2022 } from '../../chain/addresses';
import { isCurated, x64 } from '../../chain/accounts';
import { claimable } from '../../chain/quotes';
import { fraction, payable } from '../../math';
import { closePositionPlan, registerPlan, sendPlan, setPayoutAccountPlan, unregisterPlan } from '../../transactions/plans/shares';
import { payoutAccountOf } from '../../transactions/plans/keys';
import { claimPlan } from '../../transactions/plans/upside';
import { ActionForm } from '../../ui/action-form';
import { AddressField, AmountField, amountIn } from '../../ui/fields';
import { useNow, useQuery } from '../../ui/hooks';
import { Facts, Notice, RegisteredExplained } from '../../ui/parts';
import { AddressText, Amount } from '../../ui/text';
import type { ActionProps } from './page';
import { useBalance, usePosition } from './use-own';

export function Claim({ view, wallet, query }: ActionProps) {
    const { security, share, payout } = view;
    const named = query.get('for') ?? '';
    // Anybody may claim for anybody: the money goes where its holder has chosen.
    const holder = isAddress(named) ? named : wallet;
    const position = usePosition(view, holder);
    const now = useNow();
    const owed = position && now !== undefined ? claimable(security, position, now) : undefined;
    if (position === null) return <Notice>This wallet has never held registered shares of this security, so there is nothing to claim.</Notice>;
    return (
        <ActionForm build={position && owed ? () => claimPlan(wallet, security, share.symbol, position) : null}>
            <p className="figure">
                <Amount atoms={owed} decimals={security.payoutDecimals} symbol={payout.symbol} />
            </p>
            {position && (
                <Facts
                    items={[
                        ...(holder === wallet ? [] : ([['For', <AddressText key="for" address={holder} whole />]] as const)),
                        ['Goes to', <AddressText key="to" address={position.payoutAccount} whole />],
                        [
                            'Claimed so far',
                            <Amount key="before" atoms={position.claimedTotalAtoms} decimals={security.payoutDecimals} symbol={payout.symbol} />,
                        ],
                    ]}
                />
            )}
            {owed === 0n && <p>Nothing whole has dripped yet. Come back later: what drips waits for you.</p>}
            {owed === null && <p>The network’s clock was set back; claims work again when it has caught up.</p>}
        </ActionForm>
    );
}

export function Send({ view, wallet, query }: ActionProps) {
    const { security, share } = view;
    const position = usePosition(view, wallet);
    const [to, setTo] = useState(query.get('to') ?? '');
    const [text, setText] = useState('');
    const most = position === undefined ? undefined : (position?.sharesAtoms ?? 0n);
    const { atoms } = amountIn(text, security.decimals, most);
    const receiver = to.trim();
    const isSelf = receiver === wallet;
    const ready = atoms !== undefined && isAddress(receiver) && !isSelf;
    return (
        <ActionForm build={ready ? () => sendPlan(wallet, security, share.symbol, receiver as Address, atoms) : null}>
            <AddressField label="To wallet" value={to} onChange={setTo} hint={isSelf ? 'This is your own wallet' : undefined} />
            <AmountField label="Registered shares" value={text} onChange={setText} decimals={security.decimals} symbol={share.symbol} most={most} />
            {isCurated(security) && <p>This security is curated: the receiver must be approved by the issuer.</p>}
        </ActionForm>
    );
}

export function Register({ view, wallet }: ActionProps) {
    const { security, share } = view;
    const [text, setText] = useState('');
    const most = useBalance(wallet, security.mint, TOKEN_2022);
    const { atoms } = amountIn(text, security.decimals, most);
    if (isCurated(security)) return <Notice>Shares of a curated security are always registered.</Notice>;
    return (
        <>
            <ActionForm build={atoms ? () => registerPlan(wallet, security, share.symbol, atoms) : null}>
                <AmountField label="Bearer shares" value={text} onChange={setText} decimals={security.decimals} symbol={share.symbol} most={most} />
            </ActionForm>
            <RegisteredExplained />
        </>
    );
}

export function Unregister({ view, wallet }: ActionProps) {
    const { security, share } = view;
    const position = usePosition(view, wallet);
    const [text, setText] = useState('');
    const most = position === undefined ? undefined : (position?.sharesAtoms ?? 0n);
    const { atoms } = amountIn(text, security.decimals, most);
    if (isCurated(security)) return <Notice>Shares of a curated security have no bearer form.</Notice>;
    return (
        <>
            <ActionForm build={atoms ? () => unregisterPlan(wallet, security, share.symbol, atoms) : null}>
                <AmountField label="Registered shares" value={text} onChange={setText} decimals={security.decimals} symbol={share.symbol} most={most} />
            </ActionForm>
            <RegisteredExplained />
        </>
    );
}

export function PayoutAccount({ view, wallet }: ActionProps) {
    const { security, share, payout } = view;
    const position = usePosition(view, wallet);
    const { data: usual } = useQuery(`payout-account/${security.address}/${wallet}`, () => payoutAccountOf(security, wallet));
    const [account, setAccount] = useState('');
    if (position === null) return <Notice>This wallet has no position in this security yet.</Notice>;
    const owed = position ? x64(position.accruedX64) : 0n;
    const isEmpty = position?.sharesAtoms === 0n && payable(owed) === 0n && owed === fraction(owed);
    return (
        <>
            <p>
                Anybody may claim for you: the money then goes to the account that you chose, never elsewhere. It starts as your usual{' '}
                <bdi>{payout.symbol}</bdi> account.
            </p>
            {position && <Facts items={[['Pays to now', <AddressText key="now" address={position.payoutAccount} whole />]]} />}
            <ActionForm
                build={
                    isAddress(account.trim()) ? () => setPayoutAccountPlan(wallet, security, share.symbol, account.trim() as Address) : null
                }
            >
                <AddressField
                    label={`A token account of ${payout.symbol} that you own`}
                    value={account}
                    onChange={setAccount}
                    hint={
                        usual && (
                            <button type="button" className="link" onClick={() => setAccount(usual)}>
                                Use the usual one
                            </button>
                        )
                    }
                />
            </ActionForm>
            {position && isEmpty && (
                <>
                    <h2>Your position is empty</h2>
                    <ActionForm label="Close it" build={() => closePositionPlan(wallet, security, share.symbol, position)}>
                        <p>Closing gives its rent back to who paid it.</p>
                    </ActionForm>
                </>
            )}
        </>
    );
}
