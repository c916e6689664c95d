/** What the connected wallet issued and holds, and what it can claim now, live. */
import type { Address } from '@solana/kit';
import { KINDS } from '../chain/accounts';
import { memberPhase, type Membership } from '../chain/collectives';
import { vestedAt } from '../chain/grants';
import { readHoldings, type Holding, type Holdings } from '../chain/holdings';
import { nameMint, symbolIn } from '../chain/names';
import { claimable } from '../chain/quotes';
import { linkTo } from '../router';
import { useFollow, useNow, useQuery, useStore } from '../ui/hooks';
import { Card, Empty, Loaded, RegisteredExplained, Table } from '../ui/parts';
import { Amount } from '../ui/text';
import { session } from '../wallet/session';

function Welcome() {
    return (
        <>
            <h1>Hold your village in the browser</h1>
            <p className="lead">
                Upside makes securities that anyone can issue from a wallet: for a company or a song, for a person, for people who rise
                together. Connect a wallet to see what you issued, what you hold, and what you can claim now.
            </p>
            <div className="cards">
                <Card title="Share in others">
                    <p>Hold shares of a person, an expression or a collective. Money that is paid in reaches every registered holder.</p>
                    <a className="button secondary" href={linkTo('explore')}>
                        Explore securities
                    </a>
                </Card>
                <Card title="Let others share in you">
                    <p>Issue your own. The terms are fixed when you create it, so everybody knows what they hold.</p>
                    <a className="button secondary" href={linkTo('create')}>
                        Create a security
                    </a>
                </Card>
            </div>
            <RegisteredExplained />
        </>
    );
}

const SecurityLink = ({ mint, holdings }: { mint: Address; holdings: Holdings }) => (
    <a href={linkTo('security', mint)}>
        <bdi>{holdings.names.get(mint)?.name ?? mint}</bdi>
    </a>
);

function Claimable({ holding, holdings, now }: { holding: Holding; holdings: Holdings; now: bigint | undefined }) {
    const { security, position } = holding;
    const atoms = now === undefined ? undefined : claimable(security, position, now);
    return <Amount atoms={atoms} decimals={security.payoutDecimals} symbol={symbolIn(holdings.names, security.payoutMint)} />;
}

function Held({ holdings, now }: { holdings: Holdings; now: bigint | undefined }) {
    if (holdings.held.length === 0) return <Empty>You hold no registered shares yet. Shares that somebody sends you show up here.</Empty>;
    return (
        <Table
            caption="Securities you hold, and what you can claim now"
            columns={[{ title: 'Security' }, { title: 'Registered', numeric: true }, { title: 'Claimable now', numeric: true }, { title: 'Actions' }]}
            rows={holdings.held.map((holding) => {
                const { security, position } = holding;
                const owed = now === undefined ? null : claimable(security, position, now);
                return [
                    <SecurityLink key="name" mint={security.mint} holdings={holdings} />,
                    <Amount key="shares" atoms={position.sharesAtoms} decimals={security.decimals} symbol={symbolIn(holdings.names, security.mint)} />,
                    <Claimable key="claimable" holding={holding} holdings={holdings} now={now} />,
                    owed !== null && owed > 0n ? (
                        <a key="claim" className="button small primary" href={linkTo('security', security.mint, 'claim')}>
                            Claim
                        </a>
                    ) : (
                        <span key="claim">nothing yet</span>
                    ),
                ];
            })}
        />
    );
}

function Issued({ holdings }: { holdings: Holdings }) {
    if (holdings.issued.length === 0) {
        return (
            <Empty>
                You have issued nothing yet. <a href={linkTo('create')}>Create a security</a>.
            </Empty>
        );
    }
    return (
        <Table
            caption="Securities you issued"
            columns={[{ title: 'Security' }, { title: 'Kind' }, { title: 'Issued', numeric: true }, { title: 'At most', numeric: true }]}
            rows={holdings.issued.map((security) => {
                const symbol = symbolIn(holdings.names, security.mint);
                return [
                    <SecurityLink key="name" mint={security.mint} holdings={holdings} />,
                    KINDS[security.kind] ?? 'unknown',
                    <Amount key="issued" atoms={security.issuedAtoms} decimals={security.decimals} symbol={symbol} />,
                    <Amount key="most" atoms={security.authorisedAtoms} decimals={security.decimals} symbol={symbol} />,
                ];
            })}
        />
    );
}

const waitingItem = (name: string, { member, upper }: Membership, text: string, label: string) => ({
    key: `${name}/${member.address}`,
    mint: upper.security.mint,
    text,
    action: 'members',
    label,
});

/** What waits for this wallet in collectives: applications to look at, and consent to use. */
function waitingInCollectives({ applications, toAdmit }: Holdings, now: bigint | undefined) {
    if (now === undefined) return [];
    return [
        ...applications
            .filter(({ member, upper }) => memberPhase(member, upper.security, now) === 'may-join')
            .map((each) => waitingItem('join', each, `You can join it with ${each.lower.symbol}.`, 'Join')),
        ...toAdmit
            .filter(({ member, upper }) => ['waits', 'expired'].includes(memberPhase(member, upper.security, now)))
            .map((each) => waitingItem('admit', each, `${each.lower.symbol} applies to join.`, 'Look')),
    ];
}

/** What waits for this wallet: handovers, tickets, grants, milestones, collectives. */
function Waiting({ holdings, now }: { holdings: Holdings; now: bigint | undefined }) {
    const items = [
        ...holdings.proposed.map((security) => ({
            key: `issuer/${security.address}`,
            mint: security.mint,
            text: 'You are proposed as its issuer.',
            action: 'accept-issuer',
            label: 'Accept',
        })),
        ...holdings.tickets.map(({ security, ticket }) => ({
            key: ticket.address,
            mint: security.mint,
            text: 'A redemption has assets left to collect.',
            action: 'redeem',
            label: 'Go on',
        })),
        ...holdings.grants.flatMap(({ security, grant }) =>
            now !== undefined && vestedAt(grant, now) > grant.claimedAtoms
                ? [{ key: grant.address, mint: security.mint, text: 'Shares granted to you have vested.', action: 'grants', label: 'Take them' }]
                : [],
        ),
        ...holdings.toApprove.map(({ security, grant }) => ({
            key: `approve/${grant.address}`,
            mint: security.mint,
            text: 'A milestone waits for your approval.',
            action: 'grants',
            label: 'Look',
        })),
        ...waitingInCollectives(holdings, now),
    ];
    if (items.length === 0) return null;
    return (
        <Card title="Waiting for you">
            <ul className="waiting">
                {items.map(({ key, mint, text, action, label }) => (
                    <li key={key}>
                        <span>
                            <SecurityLink mint={mint} holdings={holdings} />: {text}
                        </span>
                        <a className="button small secondary" href={linkTo('security', mint, action)}>
                            {label}
                        </a>
                    </li>
                ))}
            </ul>
        </Card>
    );
}

/** The sum of what can be claimed now, by payout mint. */
function Total({ holdings, now }: { holdings: Holdings; now: bigint | undefined }) {
    const sums = new Map<Address, { atoms: bigint; decimals: number }>();
    for (const { security, position } of holdings.held) {
        const atoms = now === undefined ? null : claimable(security, position, now);
        if (atoms === null) continue;
        const sum = sums.get(security.payoutMint)?.atoms ?? 0n;
        sums.set(security.payoutMint, { atoms: sum + atoms, decimals: security.payoutDecimals });
    }
    return (
        <div className="total">
            <p>You can claim now</p>
            {[...sums].map(([mint, { atoms, decimals }]) => (
                <p key={mint} className="figure">
                    <Amount atoms={atoms} decimals={decimals} symbol={holdings.names.get(mint) ? nameMint(holdings.names.get(mint)!.mint).symbol : ''} />
                </p>
            ))}
            {sums.size === 0 && <p className="figure">nothing yet</p>}
        </div>
    );
}

function Own({ wallet }: { wallet: Address }) {
    useFollow(wallet);
    const now = useNow();
    const query = useQuery(`holdings/${wallet}`, () => readHoldings(wallet));
    return (
        <>
            <h1>Your village</h1>
            <Loaded query={query} what="what you hold">
                {(holdings) => (
                    <>
                        <Total holdings={holdings} now={now} />
                        <Waiting holdings={holdings} now={now} />
                        <Card title="You hold">
                            <Held holdings={holdings} now={now} />
                        </Card>
                        <Card title="You issued">
                            <Issued holdings={holdings} />
                        </Card>
                    </>
                )}
            </Loaded>
            <RegisteredExplained />
        </>
    );
}

export default function Home() {
    const current = useStore(session);
    return current ? <Own wallet={current.address} /> : <Welcome />;
}
