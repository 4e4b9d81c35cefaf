"""When two e-mail addresses are one account."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

from taskapp.domain.rules import Refused

EMAIL_MOST = 255


def normalise(address: str) -> str:
    """The address as it is stored and compared: case and Unicode spelling make no difference.

    The domain may be written in Unicode or in punycode (RFC 5891) and is stored in Unicode.
    Whether mail arrives there is not asked.
    """
    try:
        valid = validate_email(address.strip(), check_deliverability=False).normalized
    except (EmailNotValidError, UnicodeError) as error:
        raise Refused("email", f"Is no e-mail address: {error}") from None
    # Lower case can undo the composition that the validator made (of a dotted capital I, say).
    spelling = unicodedata.normalize("NFC", valid.lower())
    if len(spelling) > EMAIL_MOST:
        raise Refused("too_long", f"Has {len(spelling)} characters; {EMAIL_MOST} at most.")
    return spelling
