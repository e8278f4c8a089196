@additional @customer-company/failures
Feature: A failing, slow or silent system costs a customer and its company no edit and makes no second counterpart

  @id:creation-refused @req:14 @req:71
  Scenario Outline: A creation that Invoiced answers with <status> is made later, once
    Given a Customerp Customer
    When Invoiced answers <status> to the next creation of a Customer
    And the sync comes to rest
    And 1 hour passes
    And the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Customer in Invoiced
    And one more round writes nothing

    Examples: no effect
      | case           | status |
      | too many calls | 429    |
      | unavailable    | 503    |

  @id:creation-lost @req:8 @req:72
  Scenario: A creation whose answer is lost is not made twice
    Given a Customerp Customer
    When Invoiced makes the next creation of a Customer but its answer is lost
    And the sync comes to rest
    And 1 hour passes
    And the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Customer in Invoiced
    And one more round writes nothing

  @id:creation-without-id @req:13
  Scenario: A creation that is answered without an id is told, and made no second time
    Given a Customerp Customer
    When Invoiced answers the next creation of a Customer without its id
    And the sync comes to rest
    Then the sync reports that it needs attention
    And there is 1 Customer in Invoiced
    And it has exactly one counterpart in Invoiced
    And one more round writes nothing

  @id:change-lost @req:72
  Scenario Outline: An edit whose answer is lost arrives, once: <case>
    Given a Customerp Customer linked with its Invoiced Customer
    When <property> is set to 5550200 in <here>
    And <there> makes the next change of a <type> but its answer is lost
    And the sync comes to rest
    And 1 hour passes
    And the sync comes to rest
    Then <counterpart> in <there> is 5550200
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: both directions
      | case         | property | here      | there     | type | counterpart |
      | to invoiced  | phone | Customerp | Invoiced  | Customer | phone |
      | to customerp | phone | Invoiced  | Customerp | Customer | phone |

  @id:change-refused @req:71
  Scenario Outline: An edit that cannot be written now is written later: <case>
    Given a Customerp Customer linked with its Invoiced Customer
    When <property> is set to 5550200 in <here>
    And <there> answers 503 to the next change of a <type>
    And the sync comes to rest
    And 1 hour passes
    And the sync comes to rest
    Then <counterpart> in <there> is 5550200
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: both directions
      | case         | property | here      | there     | type | counterpart |
      | to invoiced  | phone | Customerp | Invoiced  | Customer | phone |
      | to customerp | phone | Invoiced  | Customerp | Customer | phone |

  @id:restored @req:12
  Scenario: A sync that is restored from a backup creates nothing twice
    Given a backup of the sync's memory
    And a Customerp Customer
    And the sync has come to rest
    When the sync's memory is restored from the backup
    And the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Customer in Invoiced
    And the sync has written nothing since

  @id:preview @req:18
  Scenario: A preview writes nothing
    Given a Customerp Customer
    When the sync is asked what it would do
    Then it has no counterpart in Invoiced
    And the sync has written nothing since

  @id:shared-key @req:27
  Scenario: Two customers with one number are left to a person
    Given a Customerp Customer with
      | property | value |
      | number   | a-7   |
    And a Customerp Customer with
      | property | value |
      | number   | A-7   |
    When the sync comes to rest
    Then the sync reports that it is ambiguous
    And there are 0 Customers in Invoiced
    And the sync has written nothing since

  @id:no-key @req:25
  Scenario: A customer and a company whose numbers nobody sees are not taken for a pair
    Given a Customerp Customer
    And an Invoiced Customer with
      | property | value     |
      | number   | C-1       |
      | name     | Nordlicht |
      | type     | company   |
    When Customerp shows a list of Customers without their number once
    And Invoiced shows a list of Customers without their number once
    And the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there are 2 Customers in Invoiced
    And one more round writes nothing
