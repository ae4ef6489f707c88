select customer_id, name, country, signed_up_on::date as signed_up_on
from {{ source('raw', 'customers') }}
