"""All kinds of jobs, what follows which event, and what the clock starts. A new kind is a row or two here."""

from jobs.account_mails import AccountMails
from jobs.approvals import end_approvals
from jobs.house import keep_house, recover
from jobs.imports import IMPORT_KINDS
from jobs.invoices import verify_chains
from jobs.kinds import Catalogue, JobKind, Schedule
from jobs.mails import Mailer, MailSettings
from jobs.order_mails import OrderMails
from jobs.promises import expire_holds, keep_promises
from jobs.purchasing_mails import PurchasingMails
from jobs.quotes import convert_quotes, end_quotes
from jobs.suggestions import note_suggestions_ordered, refresh_suggestions


def make_catalogue(settings: MailSettings) -> Catalogue:
    """The catalogue of the running application."""
    mailer = Mailer(settings)
    mails, accounts = OrderMails(mailer), AccountMails(mailer)
    kinds = (
        JobKind("mail.order_placed", mails.placed),
        JobKind("mail.order_confirmed", mails.confirmed),
        JobKind("mail.order_refused", mails.refused),
        JobKind("mail.order_promised", mails.promised),
        JobKind("mail.order_held", mails.held),
        JobKind("mail.approval_requested", mails.approval_requested),
        JobKind("mail.approval_decided", mails.approval_decided),
        JobKind("mail.purchase_order", PurchasingMails(mailer).sent),
        JobKind("mail.invitation", accounts.invited),
        JobKind("mail.password", accounts.password_requested),
        JobKind("mail.account", accounts.created),
        JobKind("approvals.end", end_approvals, at_once=1),
        JobKind("quotes.end", end_quotes, at_once=1),
        JobKind("quotes.convert", convert_quotes, at_once=1),
        JobKind("promises.keep", keep_promises, at_once=1),
        JobKind("stock.expire_holds", expire_holds, at_once=1),
        JobKind("invoices.verify", verify_chains, at_once=1),
        JobKind("suggestions.refresh", refresh_suggestions, at_once=1),
        JobKind("suggestions.ordered", note_suggestions_ordered),
        JobKind("house.keep", keep_house, at_once=1),
        JobKind("house.recover", recover, at_once=1),
        *IMPORT_KINDS,
    )
    return Catalogue(
        kinds={each.name: each for each in kinds},
        reactions={
            # An order that passes the credit limit is held as it is placed.
            "order.placed": ("mail.order_placed", "mail.order_held", "suggestions.ordered"),
            "order.held": ("mail.order_held",),
            "order.confirmed": ("mail.order_confirmed",),
            "order.refused": ("mail.order_refused",),
            "order.promised": ("mail.order_promised",),
            "approval.requested": ("mail.approval_requested",),
            "approval.reminded": ("mail.approval_requested",),
            "approval.decided": ("mail.approval_decided",),
            "approval.lapsed": ("mail.approval_decided",),
            # What may have stood in the way of an accepted quote.
            "payment.received": ("quotes.convert",),
            "payment.matched": ("quotes.convert",),
            "customer.creditLimitSet": ("quotes.convert",),
            "customer.activated": ("quotes.convert",),
            "receipt.posted": ("quotes.convert",),
            "stock.counted": ("quotes.convert",),
            "purchaseOrder.sent": ("mail.purchase_order",),
            "invitation.created": ("mail.invitation",),
            "password.requested": ("mail.password",),
            "user.created": ("mail.account",),
        },
        schedules=(
            Schedule("approvals.end", "*/10 * * * *"),
            Schedule("quotes.end", "*/10 * * * *"),
            Schedule("quotes.convert", "*/10 * * * *"),
            Schedule("promises.keep", "23 * * * *"),
            Schedule("stock.expire_holds", "*/5 * * * *"),
            Schedule("invoices.verify", "47 3 * * *"),
            Schedule("suggestions.refresh", "29 2 * * *"),
            Schedule("house.keep", "17 3 * * *"),
            Schedule("house.recover", "*/5 * * * *"),
        ),
    )
